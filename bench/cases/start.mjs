import { atMost, figure } from '../harness/figure.mjs'
import { AS_DAEMON, startPeer } from '../harness/peer.mjs'
import { column, interleave } from '../harness/rounds.mjs'
import { withFolder } from '../harness/temporary.mjs'

const ROUNDS = 3
const IDLE_MS = 7_000
const SETTLE_MS = 1_500
const MB = 2 ** 20

/** Starts a process, lets it settle, and watches it do nothing. */
async function startAndIdle(name, init) {
  const began = performance.now()
  const peer = startPeer(name, AS_DAEMON)
  try {
    await peer.call('start', init)
    const readyMs = performance.now() - began
    await new Promise(resolve => setTimeout(resolve, SETTLE_MS))
    const before = await peer.call('usage')
    const since = performance.now()
    await new Promise(resolve => setTimeout(resolve, IDLE_MS))
    const after = await peer.call('usage')
    return {
      readyMs,
      rss: after.rss / MB,
      cpu: (after.cpu - before.cpu) / 10 / (performance.now() - since)
    }
  } finally {
    await peer.stop()
  }
}

/** A profile with a server, closed again. */
async function prepare(folder) {
  const peer = startPeer('member')
  try {
    await peer.call('start', { folder, name: 'Idle', offline: true })
    await peer.call('found')
  } finally {
    await peer.stop()
  }
}

export const start = {
  name: 'start',
  title: 'Start to ready, and idle',
  what: `From starting the process to a peer that listens on loopback with its profile open (a key file, so no password is stretched) and one server loaded; then, after ${SETTLE_MS / 1_000} s, memory and CPU over ${IDLE_MS / 1_000} s of nothing to do, ${ROUNDS} rounds (${(ROUNDS * IDLE_MS) / 1_000} s together) in turns with the floor: libp2p and gossipsub alone. Node runs as the daemon starts it. CPU is in percent of one core.`,
  run: async ({ note }) =>
    await withFolder(async folder => {
      await prepare(`${folder}/idle`)
      const found = await interleave(
        ROUNDS,
        {
          floor: () => startAndIdle('floor', {}),
          member: () => startAndIdle('member', { folder: `${folder}/idle`, name: 'Idle' })
        },
        note
      )
      const both = pick => ({ samples: column(found.member, pick), floor: column(found.floor, pick) })
      return [
        figure({
          name: 'start to ready',
          unit: 'ms',
          ...both(each => each.readyMs),
          target: atMost(1_500, 800)
        }),
        figure({ name: 'idle memory (RSS)', unit: 'MB', ...both(each => each.rss), target: atMost(120, 90) }),
        figure({ name: 'idle CPU', unit: '%', ...both(each => each.cpu), target: atMost(1) })
      ]
    })
}
