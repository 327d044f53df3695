/** Floor of opening: the database alone, without keys, layers or SDK. */
import { openLevelStore } from '@xcord/core/adapters/level'
import { serve } from './serve.mjs'

serve({
  load: () => undefined,
  /** Milliseconds of one small write that is synced to disk, over so many. */
  syncedWrites: async ({ folder, count }) => {
    const store = await openLevelStore(`${folder}/synced`)
    const value = new Uint8Array(400)
    const began = performance.now()
    for (let each = 0; each < count; each++)
      await store.write([{ key: Uint8Array.of(each & 255, each >> 8), value }])
    const ms = (performance.now() - began) / count
    await store.close()
    return ms
  },
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
