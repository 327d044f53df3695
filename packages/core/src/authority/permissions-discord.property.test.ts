/** AU29 against discord.js, bit for bit (XCORD_RUNS for more cases, XCORD_SEED to replay). */
import { Collection, PermissionsBitField } from 'discord.js'
import * as discord from 'discord.js'
import { describe, expect, it } from 'vitest'
import {
  ALL_PERMISSIONS,
  CHANNEL_PERMISSIONS,
  computePermissions,
  DEFAULT_EVERYONE,
  effectivePermissions,
  PERMISSION_BITS,
  permissionBitsOf,
  permissionBytes,
  permissionsFromBits,
  permissionsToBits,
  SERVER_ONLY_PERMISSIONS
} from './index.ts'

const RUNS = Math.max(20_000, Number(process.env['XCORD_RUNS'] ?? 0))
const SEED = Number(process.env['XCORD_SEED'] ?? Math.floor(Date.now() % 1_000_000))
const DISCORD_ALL = 8866461766385663n

let seed = SEED
function random(): number {
  seed = (seed + 0x6d2b79f5) >>> 0
  let t = seed
  t = Math.imul(t ^ (t >>> 15), t | 1)
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
}
function bits(density: number): bigint {
  let out = 0n
  for (let bit = 0; bit < 53; bit++) if (bit !== 47 && random() < density) out |= 1n << BigInt(bit)
  return out
}

interface Case {
  owner: boolean
  roles: { id: string; permissions: bigint }[]
  held: string[]
  overwrites: { id: string; kind: 'role' | 'member'; allow: bigint; deny: bigint }[]
}

function makeCase(): Case {
  const count = 1 + Math.floor(random() * 5)
  const roles = Array.from({ length: count }, (_, i) => ({
    id: String(i),
    permissions: bits(random() < 0.5 ? 0.1 : 0.5) & (random() < 0.9 ? ~8n : ~0n)
  }))
  const held = roles
    .slice(1)
    .filter(() => random() < 0.5)
    .map(role => role.id)
  const overwrites = roles
    .filter(() => random() < 0.6)
    .map(role => {
      const allow = bits(0.3)
      return { id: role.id, kind: 'role' as const, allow, deny: bits(0.3) & ~allow }
    })
  if (random() < 0.5) {
    const allow = bits(0.3)
    overwrites.push({ id: 'm', kind: 'member' as never, allow, deny: bits(0.3) & ~allow })
  }
  if (random() < 0.2) overwrites.push({ id: 'other', kind: 'member' as never, allow: bits(0.5), deny: 0n })
  return { owner: random() < 0.03, roles, held, overwrites }
}

interface Stage {
  readonly guild: { readonly id: string; readonly ownerId: string }
  readonly member: Record<string, unknown>
  readonly everyone: unknown
}

/** A member with discord.js' own code over stand-ins for its structures. */
function stageOf(each: Case): Stage {
  const guild = { id: '0', ownerId: each.owner ? 'm' : 'o' }
  const roles = new Collection(
    each.roles.map(role => [role.id, { id: role.id, permissions: new PermissionsBitField(role.permissions) }])
  )
  const everyone = roles.get('0')
  const cache = roles.filter(role => role.id === '0' || each.held.includes(role.id))
  const member: Record<string, unknown> = {
    id: 'm',
    user: { id: 'm' },
    guild: { ...guild, roles: { everyone, cache: roles } },
    roles: { cache }
  }
  const descriptor = Object.getOwnPropertyDescriptor(discord.GuildMember.prototype, 'permissions')?.get
  Object.defineProperty(member, 'permissions', { get: descriptor as () => unknown })
  return { guild, member, everyone }
}

function byDiscord(each: Case, inChannel: boolean): bigint {
  const { guild, member, everyone } = stageOf(each)
  if (!inChannel) {
    // discord.js leaves an Administrator's other bits unset here and answers for them in `has`.
    const base = member['permissions'] as PermissionsBitField
    return base.has(PermissionsBitField.Flags.Administrator) ? DISCORD_ALL : base.bitfield
  }
  const overwrites = new Collection(
    each.overwrites.map(row => [
      row.id,
      {
        id: row.id,
        allow: new PermissionsBitField(row.allow),
        deny: new PermissionsBitField(row.deny)
      }
    ])
  )
  const channel: Record<string, unknown> = {
    guild: { ...guild, roles: { everyone } },
    permissionOverwrites: { cache: overwrites }
  }
  const prototype = discord.GuildChannel.prototype as unknown as {
    memberPermissions: (this: unknown, member: unknown, checkAdmin: boolean) => PermissionsBitField
    overwritesFor: (this: unknown, member: unknown, verified: boolean, roles: unknown) => unknown
  }
  channel['overwritesFor'] = prototype.overwritesFor
  return prototype.memberPermissions.call(channel, member, true).bitfield
}

interface ThreadCase {
  readonly private: boolean
  readonly member: boolean
  readonly locked: boolean
  readonly archived: boolean
  readonly timedOut: boolean
}

function makeThread(): ThreadCase {
  const chance = (): boolean => random() < 0.4
  return { private: chance(), member: chance(), locked: chance(), archived: chance(), timedOut: chance() }
}

/** No overwrite holds Administrator: theirs would take it for the real one. */
const withoutAdmins = (each: Case): Case => ({
  ...each,
  overwrites: each.overwrites.map(row => ({ ...row, allow: row.allow & ~8n, deny: row.deny & ~8n }))
})

const getter = (name: string): ((this: unknown) => boolean) =>
  Object.getOwnPropertyDescriptor(discord.ThreadChannel.prototype, name)?.get as (this: unknown) => boolean
const CLIENT = { user: { id: 'm' } }

/** What discord.js says of writing in a thread, of viewing it, and of managing it: `sendable`, `viewable`, `manageable`. */
function threadByDiscord(each: Case, thread: ThreadCase): { send: boolean; view: boolean; manage: boolean } {
  const { guild } = stageOf(each)
  const channelBits = new PermissionsBitField(byDiscord(each, true))
  const until = thread.timedOut ? Date.now() + 60_000 : 0
  const self: Record<string, unknown> = {
    client: CLIENT,
    guild: { ...guild, members: { me: { communicationDisabledUntilTimestamp: until } } },
    type: thread.private ? discord.ChannelType.PrivateThread : discord.ChannelType.PublicThread,
    joined: thread.member,
    locked: thread.locked,
    archived: thread.archived,
    permissionsFor: () => channelBits
  }
  for (const name of ['manageable', 'sendable', 'viewable'])
    Object.defineProperty(self, name, { get: getter(name) })
  return {
    send: self['sendable'] as boolean,
    view: self['viewable'] as boolean,
    manage: self['manageable'] as boolean
  }
}

const SEND = permissionsToBits(['SendMessages'])
const VIEW = permissionsToBits(['ViewChannel'])
const MANAGE_THREADS = permissionsToBits(['ManageThreads'])

function threadByXcord(each: Case, thread: ThreadCase): { send: boolean; view: boolean; manage: boolean } {
  const bits = effectivePermissions({
    owner: each.owner ? 'm' : 'o',
    member: 'm',
    everyone: '0',
    roles: each.roles,
    held: each.held,
    overwrites: each.overwrites,
    channelKind: 'text',
    thread,
    timeoutUntil: thread.timedOut ? 2 : 0,
    at: 1
  })
  const has = (set: bigint): boolean => (bits & set) !== 0n
  return { send: has(SEND), view: has(VIEW), manage: has(MANAGE_THREADS) }
}

function byXcord(each: Case, inChannel: boolean): bigint {
  return (
    computePermissions({
      owner: each.owner ? 'm' : 'o',
      member: 'm',
      everyone: '0',
      roles: each.roles,
      held: each.held,
      ...(inChannel ? { overwrites: each.overwrites } : {})
    }) & DISCORD_ALL
  )
}

/** A private thread is seen by its members and ManageThreads, any by whoever views its channel. */
function seen(each: Case, thread: ThreadCase, theirs: { view: boolean; manage: boolean }): boolean {
  const admin = (byXcord(each, false) & DISCORD_ALL) === DISCORD_ALL
  const manages = admin || (byXcord(each, true) & MANAGE_THREADS) !== 0n
  return theirs.view && (!thread.private || thread.member || manages)
}

describe('[AU29] permissions against discord.js', () => {
  it(`[AU29] agree on ${RUNS} random cases, seed ${SEED}`, { timeout: 0 }, () => {
    for (let run = 0; run < RUNS; run++) {
      const each = makeCase()
      for (const inChannel of [false, true]) {
        const [ours, theirs] = [byXcord(each, inChannel), byDiscord(each, inChannel)]
        if (ours !== theirs)
          throw new Error(
            `seed ${SEED}, run ${run}, channel ${inChannel}: ours ${ours}, discord.js ${theirs}`
          )
      }
    }
  })

  it(
    `[AU30, AU32] who writes in a thread, by discord.js' sendable: ${RUNS} random cases, seed ${SEED}`,
    {
      timeout: 0
    },
    () => {
      const met = { send: 0, silent: 0, private: 0, locked: 0, timedOut: 0 }
      for (let run = 0; run < RUNS; run++) {
        const [each, thread] = [withoutAdmins(makeCase()), makeThread()]
        const ours = threadByXcord(each, thread)
        const theirs = threadByDiscord(each, thread)
        const admin = (byXcord(each, false) & DISCORD_ALL) === DISCORD_ALL
        // Theirs asks neither for the sight of a thread nor, where it is locked but open, for anything; ours does (AU32).
        const sends = theirs.send && theirs.view && (admin || !thread.locked || theirs.manage)
        const expected = { send: sends && seen(each, thread, theirs), view: seen(each, thread, theirs) }
        if (ours.send !== expected.send || ours.view !== expected.view)
          throw new Error(`seed ${SEED}, run ${run}: ${JSON.stringify({ thread, ours, theirs, expected })}`)
        met[ours.send ? 'send' : 'silent']++
        for (const name of ['private', 'locked', 'timedOut'] as const) met[name] += Number(thread[name])
      }
      for (const count of Object.values(met)) expect(count).toBeGreaterThan(RUNS / 20)
    }
  )

  it('[AU33] the same bits under the same names, "Server" for "Guild"', () => {
    expect(ALL_PERMISSIONS & DISCORD_ALL).toBe(DISCORD_ALL)
    for (const [name, bit] of Object.entries(PERMISSION_BITS)) {
      if (bit >= 64) continue
      const theirs = name.replace('Server', 'Guild') as keyof typeof PermissionsBitField.Flags
      expect(PermissionsBitField.Flags[theirs] ?? 1n << BigInt(bit), name).toBe(1n << BigInt(bit))
    }
    expect(SERVER_ONLY_PERMISSIONS & CHANNEL_PERMISSIONS).toBe(0n)
    expect(permissionsToBits(permissionsFromBits(DEFAULT_EVERYONE))).toBe(DEFAULT_EVERYONE)
    expect(permissionBitsOf(permissionBytes(ALL_PERMISSIONS))).toBe(ALL_PERMISSIONS)
    expect(() => permissionsToBits(['ManageGuild'])).toThrow(RangeError)
  })
})

const plain = {
  owner: 'o',
  member: 'm',
  everyone: 'e',
  held: ['a', 'b'],
  roles: [
    {
      id: 'e',
      permissions: permissionsToBits([
        'ViewChannel',
        'SendMessages',
        'ReadMessageHistory',
        'AttachFiles',
        'Connect',
        'Speak',
        'SendMessagesInThreads'
      ])
    },
    { id: 'a', permissions: 0n },
    { id: 'b', permissions: 0n }
  ]
} as const
const row = (
  id: string,
  kind: 'role' | 'member',
  allow: string[],
  deny: string[]
): { id: string; kind: 'role' | 'member'; allow: bigint; deny: bigint } => ({
  id,
  kind,
  allow: permissionsToBits(allow),
  deny: permissionsToBits(deny)
})

describe('[AU30] what follows from the algorithm', () => {
  it("[AU-S47] role A denies, B allows, the member denies: Discord's result", () => {
    const overwrites = [row('a', 'role', [], ['SendMessages']), row('b', 'role', ['SendMessages'], [])]
    expect(computePermissions({ ...plain, overwrites }) & permissionsToBits(['SendMessages'])).not.toBe(0n)
    expect(
      computePermissions({
        ...plain,
        overwrites: [...overwrites, row('m', 'member', [], ['SendMessages'])]
      }) & permissionsToBits(['SendMessages'])
    ).toBe(0n)
  })

  it('[AU-S48] [AU29] Administrator passes over denials and timeouts; from an overwrite it is an ordinary bit', () => {
    const admin = {
      ...plain,
      roles: [...plain.roles.slice(0, 1), { id: 'a', permissions: permissionsToBits(['Administrator']) }]
    }
    const overwrites = [row('m', 'member', [], ['ViewChannel'])]
    expect(effectivePermissions({ ...admin, overwrites, channelKind: 'text', timeoutUntil: 2, at: 1 })).toBe(
      ALL_PERMISSIONS
    )
    const local = effectivePermissions({
      ...plain,
      overwrites: [row('m', 'member', ['Administrator'], ['ViewChannel'])],
      channelKind: 'text',
      at: 1
    })
    expect(local).toBe(0n)
  })

  it('[AU30] timeouts, no view, no sending, no connecting', () => {
    const names = (bits: bigint): string[] => permissionsFromBits(bits)
    expect(names(effectivePermissions({ ...plain, channelKind: 'text', timeoutUntil: 5, at: 4 }))).toEqual([
      'ViewChannel',
      'ReadMessageHistory'
    ])
    expect(names(effectivePermissions({ ...plain, channelKind: 'text', timeoutUntil: 5, at: 5 }))).toContain(
      'SendMessages'
    )
    expect(
      effectivePermissions({
        ...plain,
        overwrites: [row('e', 'role', [], ['ViewChannel'])],
        channelKind: 'text',
        at: 0
      })
    ).toBe(0n)
    expect(
      names(
        effectivePermissions({
          ...plain,
          overwrites: [row('e', 'role', [], ['SendMessages'])],
          channelKind: 'text',
          at: 0
        })
      )
    ).not.toContain('AttachFiles')
    expect(
      names(
        effectivePermissions({
          ...plain,
          overwrites: [row('e', 'role', [], ['Connect'])],
          channelKind: 'voice',
          at: 0
        })
      )
    ).toEqual(['ViewChannel'])
  })

  it('[AU32] threads: SendMessagesInThreads stands for SendMessages; private, locked', () => {
    const thread = { private: false, member: false, locked: false }
    const names = (more: object): string[] =>
      permissionsFromBits(effectivePermissions({ ...plain, channelKind: 'text', at: 0, thread, ...more }))
    expect(names({ overwrites: [row('e', 'role', [], ['SendMessages'])] })).toContain('SendMessages')
    expect(names({ overwrites: [row('e', 'role', [], ['SendMessagesInThreads'])] })).not.toContain(
      'SendMessages'
    )
    expect(names({ thread: { ...thread, private: true } })).toEqual([])
    expect(names({ thread: { ...thread, private: true, member: true } })).toContain('SendMessages')
    expect(names({ thread: { ...thread, locked: true } })).not.toContain('SendMessages')
    expect(
      names({ thread: { ...thread, locked: true }, overwrites: [row('m', 'member', ['ManageThreads'], [])] })
    ).toContain('SendMessages')
  })
})
