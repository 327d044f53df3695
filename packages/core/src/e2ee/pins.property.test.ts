/**
 * EK20: a ring over a log that begins with a snapshot, with the pins kept beside it, and a ring over all operations say
 * the same, now and of all that follows. XCORD_RUNS sets the histories, XCORD_SEED the first seed.
 */
import { describe, expect, it } from 'vitest'
import type { KeyRing } from './contract.ts'
import { ringOver } from './key-ring.ts'
import { time } from './real-peers.fixture.ts'
import { openFromSnapshot, reopen, Story } from './story.fixture.ts'

const RUNS = Number(process.env['XCORD_RUNS'] ?? 20)
const SEED = Number(process.env['XCORD_SEED'] ?? 1)

/** What a ring says, but for what people are told of a reason. */
function answers(ring: RingLike, story: Story): string {
  const { channels } = story
  return JSON.stringify({
    keys: [...ring.keys()].sort((a, b) => (a.keyId < b.keyId ? -1 : 1)),
    choice: channels.map(each => ring.chooseEpoch(each, time.now) ?? null),
    rotations: ring.rotationsDue(time.now),
    grants: ring.grantsDue(time.now).map(({ keyId, recipient, asked }) => [keyId, recipient, asked]),
    topics: ring.topics(time.now).map(each => [each.topic, each.retiredAt]),
    records: ring.records().map(each => each.id),
    heads: ring.headRecords().map(each => each.id),
    lacks: ring.keys().map(({ keyId }) => [keyId, ring.lack(keyId)])
  })
}
type RingLike = Pick<
  KeyRing,
  'keys' | 'chooseEpoch' | 'rotationsDue' | 'grantsDue' | 'topics' | 'records' | 'headRecords' | 'lack'
>

function check(seed: number, tally: { compared: number; held: number; later: number }): void {
  const story = new Story(seed)
  for (let step = 0; step < 50; step++) story.step()
  const peer = story.pick(story.peers)
  const opened = openFromSnapshot(peer, story.town.genesis, story.dice(8))
  if (opened === undefined) return
  // A ring forgets how many messages it saw, and each was told at another time.
  const whole = ringOver(reopen(peer, peer.log))
  expect(answers(opened.ring, story), `seed ${seed}`).toBe(answers(whole, story))
  expect(opened.log.wantsHistory(), `seed ${seed}`).toBe(false)
  tally.compared++
  for (let step = 0; step < 12; step++) {
    for (let more = 0; more < 3; more++) story.step()
    for (const op of peer.log.operations()) opened.log.add(op, time.now)
    const records = [...peer.ring.records()]
    for (const each of [opened.ring, whole]) for (const { bytes } of records) each.add(bytes, time.now)
    if (step % 3 === 0) for (const each of story.peers) if (each !== peer) peer.meet(each)
    const [one, other] = [answers(opened.ring, story), answers(whole, story)]
    if (opened.log.wantsHistory()) {
      tally.held++
      return
    }
    if (opened.log.count() !== peer.log.count()) continue
    expect(one, `seed ${seed}, later`).toBe(other)
    tally.later++
  }
}

describe('[EK20] a ring over a snapshot', () => {
  it('[EK20] says what a ring over all operations says, then and later', { timeout: 0 }, () => {
    const tally = { compared: 0, held: 0, later: 0 }
    for (let seed = SEED; seed < SEED + RUNS; seed++) check(seed, tally)
    console.info(`EK20: ${JSON.stringify(tally)}`)
    expect(tally.compared).toBeGreaterThan(RUNS / 3)
    expect(tally.later).toBeGreaterThan(0)
  })
})
