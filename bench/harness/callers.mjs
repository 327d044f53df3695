/** Whole peers that meet in one server, for the cases with calls. */
import { join } from 'node:path'
import { withPeers } from './peer.mjs'
import { withFolder } from './temporary.mjs'

const TONES = [400, 530, 670, 820, 980, 1_150, 1_330, 1_520]

/** Runs with so many peers; the first owns the server. Each has a name, a tone, and calls into its process. */
export async function withCallers(count, run) {
  return await withFolder(async folder =>
    withPeers(
      Array.from({ length: count }, () => 'caller'),
      async (...peers) => {
        const callers = peers.map((peer, at) => ({ ...peer, name: `caller${at}`, hz: TONES[at] }))
        for (const each of callers)
          await each.call('start', { folder: join(folder, each.name), name: each.name })
        const link = await callers[0].call('found')
        for (const each of callers.slice(1)) await each.call('join', { link })
        return await run(callers)
      }
    )
  )
}

/** All join the call, and go on when each hears each. */
export async function enterAll(callers) {
  await Promise.all(callers.map(each => each.call('enter', { hz: each.hz })))
  for (const ear of callers) {
    const names = callers.filter(each => each !== ear).map(each => each.name)
    await ear.call('hears', { names, withinMs: 2_000 })
  }
}
