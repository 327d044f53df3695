/**
 * What a log says that moved covers all that did, over hostile random histories in random orders. XCORD_RUNS sets the
 * histories, XCORD_SEED the first seed.
 */
import { expect, it } from 'vitest'
import type { AuthorityLog, Moved } from '../../src/authority/index.ts'
import type { UserId } from '../../src/base/index.ts'
import { Site, START } from './cast.ts'
import { Dice, Maker } from './history.ts'
import { plain } from './histories/plain.ts'
import { randomOrders } from './orders.ts'

const RUNS = Number(process.env['XCORD_RUNS'] ?? 30)
const SEED = Number(process.env['XCORD_SEED'] ?? 1)
const VIEW = 1n << 10n

interface Look {
  readonly members: ReadonlyMap<string, string>
  readonly reading: ReadonlyMap<string, string>
  readonly channels: string
  readonly invites: string
  readonly losses: readonly string[]
}

function look(log: AuthorityLog, users: readonly UserId[]): Look {
  const state = log.state()
  const channels = state.channels()
  const facts = channels.map(({ id, kind, parent, overwrites, history, thread }) => ({
    id,
    kind,
    parent,
    overwrites,
    history,
    thread
  }))
  const reads = (user: UserId): string =>
    channels.map(each => `${each.id}${state.permissions(user, each.id, START) & VIEW}`).join()
  return {
    members: new Map(users.map(user => [user, plain([state.member(user), state.owner === user])])),
    reading: new Map(users.map(user => [user, reads(user)])),
    channels: plain(facts),
    invites: plain(
      state.invites().map(({ id, open, boxPublicKey, notAfter }) => [id, open, boxPublicKey, notAfter])
    ),
    losses: log.lossesOutside([]).map(plain)
  }
}

/** What changed and was not said to have. */
function unsaid(before: Look, after: Look, moved: Moved, users: readonly UserId[]): string[] {
  const out: string[] = []
  const said = (name: string, is: boolean, one: unknown, other: unknown): void => {
    if (!is && plain(one) !== plain(other)) out.push(`${name}: ${plain(one)} became ${plain(other)}`)
  }
  for (const user of users) {
    const mine = moved.users.has(user) || moved.roles
    said('member', mine, before.members.get(user), after.members.get(user))
    said('reading', mine || moved.channels, before.reading.get(user), after.reading.get(user))
  }
  said('channels', moved.channels, before.channels, after.channels)
  said('invites', moved.invites, before.invites, after.invites)
  const more = [...before.losses, ...moved.losses.map(plain)].sort()
  said('losses', false, more, [...after.losses].sort())
  return out
}

it('[EK9] a log tells of everything that moved', { timeout: 0 }, () => {
  let narrow = 0
  for (let seed = SEED; seed < SEED + RUNS; seed++) {
    const maker = new Maker({ seed: seed + 700_000, steps: 0 })
    for (let step = 0; step < 40; step++) maker.step()
    const [genesis, ...rest] = maker.site.operations
    if (genesis === undefined) continue
    const users = [...new Set(maker.people.map(each => each.user))]
    const dice = new Dice(seed)
    for (const order of randomOrders(rest, 2, seed)) {
      const { log } = new Site(genesis, START)
      let [count, before] = [log.count(), look(log, users)]
      for (const op of order) {
        log.add(op, Number.MAX_SAFE_INTEGER - 1_000_000)
        if (dice.chance(0.4)) continue
        const moved = log.movedSince(count) as Moved
        const after = look(log, users)
        expect(unsaid(before, after, moved, users), `seed ${seed}, kind ${op.kind}`).toEqual([])
        if (!moved.roles && !moved.channels && moved.users.size > 0) narrow++
        ;[count, before] = [log.count(), after]
      }
    }
  }
  expect(narrow).toBeGreaterThan(RUNS)
})

it('[EK9] a log does not tell of what it never held', () => {
  const { log } = new Maker({ seed: 1, steps: 0 }).site
  const nothing = { users: new Set(), roles: false, channels: false, invites: false, losses: [] }
  expect(log.movedSince(log.count())).toEqual(nothing)
  expect(log.movedSince(log.count() + 1)).toBeUndefined()
})
