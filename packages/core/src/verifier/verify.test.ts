import { beforeAll, describe, expect, it } from 'vitest'
import { createNodeSuite } from '../adapters/crypto-node/index.ts'
import { idFromBytes } from '../base/index.ts'
import {
  authorityDeps,
  draft,
  draftBan,
  draftKick,
  draftRoleAssign,
  draftRoleCreate,
  openAuthorityLog,
  readSnapshot
} from '../authority/index.ts'
import type { Suite } from '../crypto/index.ts'
import { decodeCbor, encodeCbor } from '../encoding/index.ts'
import { signOperation } from '../graph/index.ts'
import { accountOf, foundServer, joinOf, makeInvite, type VectorSite } from '../../scripts/authority-stage.ts'
import { type Explanation, explanationFromJson, explanationToJson, narrate, verifyProof } from './index.ts'

let suite: Suite
const file = (explanation: Explanation): unknown => JSON.parse(JSON.stringify(explanationToJson(explanation)))

beforeAll(async () => {
  suite = await createNodeSuite()
})

/** Ada owns; Grace moderates; Alan and Linus are members. Grace kicked Linus, who had kicked nobody. */
function stage(): {
  site: VectorSite
  users: Record<'ada' | 'grace' | 'alan' | 'linus', ReturnType<typeof accountOf>>
  kick: string
} {
  const users = {
    ada: accountOf(suite, 'ada'),
    grace: accountOf(suite, 'grace'),
    alan: accountOf(suite, 'alan'),
    linus: accountOf(suite, 'linus')
  }
  const site = foundServer(suite, users.ada)
  const invite = makeInvite(site, users.ada, 'open')
  for (const each of [users.grace, users.alan, users.linus]) site.act(each, joinOf(site, each, invite))
  const role = site.act(
    users.ada,
    draftRoleCreate({ name: 'mods', position: Uint8Array.of(5), permissions: ['KickMembers', 'BanMembers'] })
  )
  site.act(users.ada, draftRoleAssign(users.grace.user, `r${role.id.slice(1)}` as never))
  const kick = site.act(users.grace, draftKick(users.linus.user, 'spam'))
  return { site, users, kick: kick.id }
}

describe('verifyProof', () => {
  it('[AU50] accepts a proof by real keys and certificates, through the file form', () => {
    const { site, users, kick } = stage()
    const may = site.log.explain({
      kind: 'permission',
      user: users.grace.user,
      permission: 'KickMembers',
      channel: null,
      at: site.now
    })
    expect([may.allowed, may.code]).toEqual([true, 'granted'])
    expect(verifyProof(suite, file(may))).toEqual({ ok: true, value: may.completeness })
    const stands = site.log.explain({ kind: 'operation', operation: kick })
    expect(stands.code).toBe('effective')
    expect(verifyProof(suite, file(stands))).toEqual({ ok: true, value: stands.completeness })
    expect(explanationFromJson(file(stands))).toEqual(stands)
  })

  it('[AU49] holds the minimal set: what a kick rests on, and nothing of bystanders', () => {
    const { site, users, kick } = stage()
    const { steps, completeness } = site.log.explain({ kind: 'operation', operation: kick })
    const signed = steps.filter(each => each.claim[0] === 'signed').map(each => each.claim[1])
    expect(signed.sort()).toEqual(
      ['genesis', 'inviteCreate', 'join', 'join', 'kick', 'roleAssign', 'roleCreate'].sort()
    )
    expect(completeness).toMatchObject({ kind: 'slice', judged: 7 })
    expect(JSON.stringify(steps)).not.toContain(users.alan.user)
  })

  it('[AU49] names the layers and the operation that wrote each deciding cell, in order', () => {
    const { site, users } = stage()
    const asked = { kind: 'permission', user: users.alan.user, channel: null, at: site.now } as const
    const denied = site.log.explain({ ...asked, permission: 'KickMembers' })
    expect([denied.allowed, denied.code]).toEqual([false, 'not-granted'])
    const told = denied.steps.filter(each => ['AU25', 'AU28', 'AU29', 'AU30'].includes(each.rule))
    expect(told.map(each => each.claim.slice(0, 3).join(' '))).toEqual([
      `member ${users.alan.user} in`,
      `owner ${users.alan.user} no`,
      'layer base Administrator',
      'layer base KickMembers',
      'mask timeout passes',
      'answer KickMembers no'
    ])
    const timeout = site.act(
      users.ada,
      draft('timeout', { user: users.alan.user, until: site.now + 60_000, reason: null })
    )
    const stopped = site.log.explain({ ...asked, at: site.now, permission: 'SendMessages' })
    expect([stopped.allowed, stopped.code]).toEqual([false, 'masked'])
    const mask = stopped.steps.find(each => each.claim[0] === 'mask')
    expect(mask).toMatchObject({ rule: 'AU30', claim: ['mask', 'timeout', 'stops'], subjects: [timeout.id] })
    expect(verifyProof(suite, file(stopped)).ok).toBe(true)
  })

  it('[AU49] [AU19] names what voids an operation', () => {
    const { site, users } = stage()
    const other = site.copy()
    const late = other.act(users.grace, draftKick(users.alan.user))
    const ban = site.act(users.ada, draftBan(users.grace.user))
    site.merge(other)
    const explanation = site.log.explain({ kind: 'operation', operation: late.id })
    expect([explanation.allowed, explanation.code]).toEqual([false, 'void'])
    const fall = explanation.steps.find(each => each.claim[0] === 'falls' && each.subjects[0] === late.id)
    expect(fall).toMatchObject({ rule: 'AU19', subjects: [late.id, ban.id] })
    expect(verifyProof(suite, file(explanation))).toEqual({ ok: true, value: explanation.completeness })
    const told = narrate(explanation, id => Object.entries(users).find(([, each]) => each.user === id)?.[0])
    expect(told.answer).toBe(`The kick ${late.id.slice(0, 9)} by grace was accepted, but is void.`)
    expect(told.steps.join('\n')).toContain(
      `struck by the stronger denial, the ban ${ban.id.slice(0, 9)} by ada`
    )
    // Before the ban was heard of, it stood: an explanation speaks of a frontier.
    const before = site.log.explain({ kind: 'operation', operation: late.id }, { frontier: [late.id] })
    expect([before.allowed, before.code, before.frontier]).toEqual([true, 'effective', [late.id]])
    expect(verifyProof(suite, file(before)).ok).toBe(true)
  })

  it('[AU50] refuses an operation whose signature or certificate is not right', () => {
    const { site, kick } = stage()
    const explanation = site.log.explain({ kind: 'operation', operation: kick })
    for (const [at, bytes] of explanation.proof.entries()) {
      const wire = decodeCbor(bytes, { maxDepth: 1 })
      const [payload, signature] = (wire.ok ? wire.value : []) as [Uint8Array, Uint8Array]
      const forged = Uint8Array.from(signature)
      forged[0] = (forged[0] as number) ^ 1
      const proof = explanation.proof.map((each, index) =>
        index === at ? encodeCbor([payload, forged]) : each
      )
      expect(verifyProof(suite, file({ ...explanation, proof }))).toMatchObject({ ok: false, rule: 'AU50' })
    }
  })

  it('[AU50] refuses what is no explanation, and an answer without a proof', () => {
    const { site } = stage()
    const refused = { ok: false, rule: 'AU50' }
    for (const junk of [undefined, null, 7, 'x', [], {}, { version: 1 }])
      expect(verifyProof(suite, junk)).toMatchObject(refused)
    const unknown = site.log.explain({ kind: 'operation', operation: `o${'0'.repeat(52)}` })
    expect(unknown).toMatchObject({ allowed: false, code: 'unknown', proof: [] })
    expect(verifyProof(suite, file(unknown))).toMatchObject(refused)
    const json = file(
      site.log.explain({ kind: 'operation', operation: site.log.heads()[0] as string })
    ) as object
    expect(verifyProof(suite, { ...json, surplus: 1 })).toMatchObject(refused)
    expect(verifyProof(suite, { ...json, steps: [] })).toMatchObject(refused)
    expect(verifyProof(suite, { ...json, proof: ['AA=='] })).toMatchObject(refused)
  })

  it('[AU49] says why there is nothing to prove: what it waits for, what was refused, what a snapshot stands for', () => {
    const { site, users, kick } = stage()
    const nothing = { allowed: false, proof: [] }
    const may = {
      kind: 'permission',
      user: users.grace.user,
      permission: 'KickMembers',
      channel: null,
      at: site.now
    } as const
    const waiting = site.log.explain(may, { frontier: [idFromBytes('o', new Uint8Array(32).fill(9))] })
    expect(waiting).toMatchObject({ ...nothing, code: 'waiting' })

    // Alan has no such power: his device signs it all the same.
    const { device, signingKey } = users.alan.device
    const at = site.now + 1
    const fields = site.log.place(device, draftBan(users.grace.user), at)
    const ban = signOperation(suite, signingKey, fields)
    expect(site.log.add(ban, at).kind).toBe('rejected')
    const refused = site.log.explain({ kind: 'operation', operation: ban.id })
    expect(refused).toMatchObject({ ...nothing, code: 'refused' })
    expect(narrate(refused).steps.at(-1)).toContain('Refused: ')
    expect(refused.steps.at(-1)).toMatchObject({ subjects: [ban.id] })

    const snapshot = site.log.snapshot()
    const genesis = [...site.log.operations()][0]
    const read = snapshot && readSnapshot(snapshot, snapshot.chunks)
    if (genesis === undefined || read === undefined) throw new Error('no snapshot')
    const late = openAuthorityLog(authorityDeps(suite), genesis, { snapshot: read })
    const unaudited = late.explain(may)
    expect(unaudited).toMatchObject({ ...nothing, code: 'unaudited' })
    expect(late.explain({ kind: 'operation', operation: kick }).proof).toEqual([])

    for (const each of [waiting, refused, unaudited])
      expect(verifyProof(suite, file(each))).toMatchObject({ ok: false, rule: 'AU50' })
  })

  it("[AU49] a permission that does not exist is the asker's mistake", () => {
    const { site, users } = stage()
    const ask = { kind: 'permission', user: users.ada.user, permission: 'Fly', channel: null, at: 0 } as const
    expect(() => site.log.explain(ask)).toThrow(RangeError)
  })
})
