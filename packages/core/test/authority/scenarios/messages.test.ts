/** AU-S: messages judged by what their author had seen and by what is known. */
import { describe, expect, it } from 'vitest'
import { idAs, idToBytes } from '../../../src/base/index.ts'
import {
  draft,
  draftBan,
  draftChannelCreate,
  draftChannelDelete,
  draftKick,
  draftOverwrite,
  draftRoleAssign,
  permissionsToBits,
  type AuthorityLog,
  type ContentAct
} from '../../../src/authority/index.ts'
import type { CutRow } from '../../../src/graph/index.ts'
import { person, START, type Site } from '../cast.ts'
import { apart, judging, message, Stage, standingIn, textChannel } from '../ladder.ts'

describe('[AU-S] messages', () => {
  it('[AU-S43] [AU20] a timeout voids and hides what claims an earlier time, cited or not', () => {
    const stage = new Stage({ a: 10, b: 5, x: 0 })
    const channel = textChannel(stage)
    const [left, right] = apart(stage) as [Site, Site]
    const until = left.now + 60_000
    left.act(stage.who('a'), draft('timeout', { user: stage.user('b'), until, reason: null }))
    const during = right.act(stage.who('b'), draftKick(stage.user('x')), { at: until - 1 })
    const after = right.act(
      stage.who('b'),
      draft('serverSet', { rows: [{ key: 0, value: 'later' }], reason: null }),
      { at: until }
    )
    const acts = [
      message(right, stage.who('b'), channel, until - 1),
      message(right, stage.who('b'), channel, until)
    ]
    const log = stage.convergeTo(judging(acts), left, right)
    expect([standingIn(log, during), standingIn(log, after)]).toEqual(['voided', 'effective'])
    expect(acts.map(act => log.judge(act).kind)).toEqual(['hidden', 'visible'])
    expect(left.refusal(stage.who('b'), draft('nick', { nick: 'n' }))).toBe('AU14')
    const cited = message(left, stage.who('b'), channel, until - 1)
    expect(left.log.judge(cited)).toMatchObject({ kind: 'rejected', rule: 'AU35' })
    expect(left.log.judge({ ...cited, at: until })).toMatchObject({ kind: 'visible' })
  })

  it('[AU-S44] [AU37] a message the banner did not see is hidden, and can be re-admitted', () => {
    const stage = new Stage({ a: 10, x: 0 })
    const channel = textChannel(stage)
    const x = stage.who('x')
    const [left, right] = apart(stage) as [Site, Site]
    const row: CutRow = {
      device: x.device,
      seq: 0,
      operation: stage.joins.get('x')?.id ?? null,
      contentSeq: 3,
      envelope: new Uint8Array(32).fill(3)
    }
    const ban = left.act(stage.who('a'), draftBan(x.user, null, [row]))
    const act = (seq: number): ContentAct => message(right, x, channel, right.now + seq, seq)
    const seqs = [1, 2, 3, 4, 5, 6]
    const log = stage.convergeTo(judging(seqs.map(act)), left, right)
    expect([1, 2, 4, 5].map(seq => log.judge(act(seq)).kind)).toEqual([
      'visible',
      'visible',
      'hidden',
      'hidden'
    ])
    // The cut names the envelope itself: another branch of a fork at that seq is beyond it.
    expect(log.judge(act(3))).toMatchObject({ kind: 'hidden', by: ban.id })
    const widened = left.act(
      stage.who('a'),
      draft('cutExtend', {
        denial: ban.id,
        rows: [{ device: x.device, contentSeq: 5, envelope: idToBytes(act(5).id) }],
        reason: null
      })
    )
    const after = stage.convergeTo(judging(seqs.map(act)), left, right)
    expect(standingIn(after, widened)).toBe('effective')
    expect([4, 5, 6].map(seq => after.judge(act(seq)).kind)).toEqual(['visible', 'visible', 'hidden'])
  })

  it('[AU-S45] [AU16] [AU37] an overwrite hides later messages by their claimed time', () => {
    const stage = new Stage({ a: 10, x: 0 })
    const channel = textChannel(stage)
    const [left, right] = apart(stage) as [Site, Site]
    const denial = left.act(
      stage.who('a'),
      draftOverwrite(channel, idAs('r', stage.site.log.server), { deny: ['SendMessages'] })
    )
    const acts = [denial.at, denial.at + 1].map(at => message(right, stage.who('x'), channel, at))
    const log = stage.convergeTo(judging(acts), left, right)
    expect(log.judge(message(right, stage.who('x'), channel, denial.at)).kind).toBe('visible')
    expect(log.judge(message(right, stage.who('x'), channel, denial.at + 1))).toMatchObject({
      kind: 'hidden',
      rule: 'AU37',
      by: denial.id
    })
    expect(left.log.judge(message(left, stage.who('x'), channel, denial.at)).kind).toBe('rejected')
  })

  it("[AU-S46] a message concurrent with its channel's deletion: earlier ones stay in the archive", () => {
    const stage = new Stage({ x: 0 })
    const channel = textChannel(stage)
    const [left, right] = apart(stage) as [Site, Site]
    const gone = left.act(stage.who('o'), draftChannelDelete(channel))
    const acts = [gone.at, gone.at + 1].map(at => message(right, stage.who('x'), channel, at))
    const log = stage.convergeTo(judging(acts), left, right)
    expect(log.judge(message(right, stage.who('x'), channel, gone.at)).kind).toBe('visible')
    expect(log.judge(message(right, stage.who('x'), channel, gone.at + 1)).kind).toBe('hidden')
    expect(log.state().channel(channel)).toBeUndefined()
  })

  it('[AU-S48] a timed-out Administrator is exempt', () => {
    const stage = new Stage({ a: 10, x: 0 })
    const channel = textChannel(stage)
    const admin = stage.enter('admin', 5, ['Administrator'])
    const until = stage.site.now + 60_000
    stage.site.act(stage.who('a'), draft('timeout', { user: admin.user, until, reason: null }))
    stage.site.act(
      stage.who('o'),
      draftOverwrite(channel, admin.user, { deny: ['ViewChannel', 'SendMessages'] })
    )
    const act = message(stage.site, admin, channel, until - 1)
    const [left, right] = apart(stage) as [Site, Site]
    const kick = left.act(admin, draftKick(stage.user('x')), { at: until - 1 })
    right.act(stage.who('a'), draft('timeout', { user: admin.user, until: until + 60_000, reason: null }))
    const log = stage.convergeTo(judging([act]), left, right)
    expect(log.judge(act).kind).toBe('visible')
    expect(standingIn(log, kick)).toBe('effective')
  })

  it("[AU35] needs membership, a device that is on, and the permission, in the message's own past", () => {
    const stage = new Stage({ x: 0 })
    const channel = textChannel(stage)
    const stranger = person('stranger')
    const base = message(stage.site, stage.who('x'), channel, stage.site.now)
    expect(stage.site.log.judge({ ...base, device: stranger.device })).toMatchObject({
      kind: 'rejected',
      rule: 'AU35'
    })
    expect(stage.site.log.judge({ ...base, needs: ['ManageMessages'] })).toMatchObject({
      kind: 'rejected',
      rule: 'AU35'
    })
    expect(stage.site.log.judge({ ...base, auth: [idAs('o', stranger.user)] })).toEqual({
      kind: 'waiting',
      missing: [idAs('o', stranger.user)]
    })
    expect(stage.site.log.judge({ ...base, auth: [] })).toMatchObject({ kind: 'rejected', rule: 'AU34' })
    expect(stage.site.log.judge({ ...base, channel: idAs('c', stage.site.log.server) })).toMatchObject({
      kind: 'visible'
    })
  })

  it("[AU38] deleting another's message needs ManageMessages", () => {
    const stage = new Stage({ a: 10, x: 0 })
    const channel = idAs(
      'c',
      stage.site.act(
        stage.who('o'),
        draftChannelCreate({ kind: 'text', name: 'c', position: Uint8Array.of(1) })
      ).id
    )
    const act = (name: string): Parameters<AuthorityLog['judge']>[0] => ({
      device: stage.who(name).device,
      seq: 1,
      id: idAs('m', stage.user(name)),
      channel,
      auth: stage.site.log.frontierFor(stage.who(name).device),
      at: stage.site.now,
      needs: ['ManageMessages']
    })
    expect([stage.site.log.judge(act('a')).kind, stage.site.log.judge(act('x')).kind]).toEqual([
      'visible',
      'rejected'
    ])
  })

  it('[AU-S47] [AU29] one role denies, another allows, the member is denied: as Discord has it', () => {
    const stage = new Stage({ a: 10, x: 3, y: 3 })
    const channel = textChannel(stage)
    const [deny, allow] = [stage.role(4, []), stage.role(5, [])]
    for (const name of ['x', 'y'])
      for (const role of [deny, allow])
        stage.site.act(stage.who('o'), draftRoleAssign(stage.user(name), role))
    const sites = apart(stage, 3) as [Site, Site, Site]
    sites[0].act(stage.who('o'), draftOverwrite(channel, deny, { deny: ['SendMessages'] }))
    sites[1].act(stage.who('a'), draftOverwrite(channel, allow, { allow: ['SendMessages'] }))
    sites[2].act(stage.who('x'), draft('nick', { nick: 'x' }))
    const met = stage.site.fork().merge(...sites)
    met.act(stage.who('o'), draftOverwrite(channel, stage.user('y'), { deny: ['SendMessages'] }))
    const send = permissionsToBits(['SendMessages'])
    const sends = (log: AuthorityLog): readonly boolean[] =>
      ['x', 'y'].map(name => (log.state().permissions(stage.user(name), channel, START) & send) !== 0n)
    expect(sends(stage.convergeTo(sends, met))).toEqual([true, false])
  })
})
