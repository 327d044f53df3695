/** Floor of opening: the database alone, without keys, layers or SDK. */
import { openLevelStore } from '@xcord/core/adapters/level'
import { serve } from './serve.mjs'

serve({
  load: () => undefined,
  show: async ({ folder, limit }) => {
    const started = performance.now()
    const store = await openLevelStore(`${folder}/database`)
    let shown = 0
    for await (const _row of store.scan({ reverse: true, limit })) shown++
    const ms = performance.now() - started
    const rss = process.memoryUsage.rss()
    await store.close()
    return { ms, shown, rss }
  }
})
