import { enterAll, withCallers } from '../harness/callers.mjs'
import { atMost, figure, percentile } from '../harness/figure.mjs'

const ROUNDS = 3
const JOINS = 10
/** Without a frame for this long somebody is silent. */
const SILENT_MS = 1_500
const TARGET = atMost(1_000)

/** Joins again and again while another talks. @returns Milliseconds to the first loud frame, each. */
async function joinOften([first, second]) {
  await first.call('enter', { hz: first.hz })
  const took = []
  for (let each = 0; each < JOINS; each++) {
    took.push(await second.call('enter', { hz: second.hz, until: first.name }))
    await second.call('leave')
    await first.call('others', { count: 0 })
  }
  return took
}

/** One act of the owner. @returns Milliseconds until the last of those who listen heard the last of them. */
async function silence(owner, ears, verb, target) {
  for (const ear of ears) await ear.call('hears', { names: [target.name] })
  const began = await owner.call('act', { verb, name: target.name })
  const last = await Promise.all(ears.map(each => each.call('silent', { name: target.name, ms: SILENT_MS })))
  return Math.max(0, ...last.map(each => each - began))
}

export const calls = {
  name: 'calls',
  title: 'Voice: whole calls',
  what: `Whole peers, each a process with an engine beside it, on loopback: presence, signalling and media as people have them. Joining is from \`join\` to the first frame of another's tone (${JOINS} times a round). Five in a call, everybody sending a tone: from the moderator's \`await\` beginning to the last frame of the target that any of the others plays, the target's client obeying as usual. ${ROUNDS} rounds.`,
  run: async ({ note }) => {
    const joins = []
    const silenced = { mute: [], timeout: [], kick: [], ban: [] }
    for (let round = 0; round < ROUNDS; round++) {
      note(round, 'joining')
      joins.push(percentile(await withCallers(2, joinOften), 0.95))
      note(round, 'moderation')
      await withCallers(5, async callers => {
        await enterAll(callers)
        const [owner, listener, first, second, third] = callers
        const ears = [owner, listener]
        silenced.mute.push(await silence(owner, ears, 'mute', first))
        await owner.call('act', { verb: 'unmute', name: first.name })
        silenced.timeout.push(await silence(owner, ears, 'timeout', second))
        silenced.kick.push(await silence(owner, ears, 'kick', first))
        silenced.ban.push(await silence(owner, ears, 'ban', third))
      })
    }
    return [
      figure({ name: 'join to first audio, p95', unit: 'ms', samples: joins, target: atMost(1_500, 700) }),
      ...Object.entries(silenced).map(([verb, samples]) =>
        figure({ name: `not heard any more after ${verb}`, unit: 'ms', samples, target: TARGET })
      )
    ]
  }
}
