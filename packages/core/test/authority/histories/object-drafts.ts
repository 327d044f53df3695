/** Kinds about roles, channels, threads, invites and the server. */
import { type ChannelId, type DeviceId, idAs, idToBytes, type OperationId } from '../../../src/base/index.ts'
import { draft, type KindName, KINDS, type OperationDraft } from '../../../src/authority/index.ts'
import { START } from '../cast.ts'
import { BITS, bitsOf, type Picked, positionOf } from './scene.ts'

const CHANNEL_BITS = [0, 4, 10, 11, 20, 28, 29, 34, 35, 36, 38]
const UNDEFINED_BIT = 1n << 47n
const reason = null

export function objectDraft(name: KindName, picked: Picked): OperationDraft | undefined {
  return (
    roleDraft(name, picked) ??
    channelDraft(name, picked) ??
    threadDraft(name, picked) ??
    serverDraft(name, picked)
  )
}

function roleDraft(name: KindName, { dice, role }: Picked): OperationDraft | undefined {
  switch (name) {
    case 'roleCreate': {
      const permissions = bitsOf(dice, BITS, 0.2) | (dice.chance(0.02) ? UNDEFINED_BIT : 0n)
      const look = { name: 'r', color: 0, hoist: 0, mentionable: 0, reason }
      return draft('roleCreate', { position: positionOf(dice), permissions, ...look })
    }
    case 'roleEdit': {
      const set = bitsOf(dice, BITS, 0.1)
      const rows = dice.chance(0.3) ? [{ key: 0, value: `x${dice.below(9)}` }] : []
      if (dice.chance(0.1)) rows.push({ key: 4, value: dice.below(2) } as never)
      return draft('roleEdit', { role, rows, set, clear: bitsOf(dice, BITS, 0.1) & ~set, reason })
    }
    case 'roleMove':
      return draft('roleMove', { role, position: positionOf(dice), reason })
    case 'roleDelete':
      return draft('roleDelete', { role, reason })
    default:
      return undefined
  }
}

function categoryFor({ dice, state }: Picked): ChannelId | null {
  const categories = state.channels().filter(each => each.kind === 'category')
  return categories.length > 0 && dice.chance(0.5) ? dice.pick(categories).id : null
}

function targetFor({ dice, role, user }: Picked): { target: number; id: Uint8Array } {
  return dice.chance(0.6) ? { target: 0, id: idToBytes(role) } : { target: 1, id: idToBytes(user) }
}

function channelDraft(name: KindName, picked: Picked): OperationDraft | undefined {
  const { dice, maker, state } = picked
  if (name === 'channelCreate') return creationDraft(picked)
  const known = maker.channels(state, dice.chance(0.03))
  const channel = known.length === 0 ? undefined : dice.pick(known)
  if (channel === undefined) return undefined
  switch (name) {
    case 'channelEdit': {
      const row = dice.pick([
        { key: 0, value: `c${dice.below(9)}` },
        { key: 2, value: dice.below(60) },
        { key: 3, value: dice.pick([[0], [1], [2, 7]]) },
        { key: 4, value: dice.below(2) }
      ])
      return draft('channelEdit', { channel, rows: [row], reason })
    }
    case 'channelMove':
      return draft('channelMove', {
        channel,
        parent: categoryFor(picked),
        position: positionOf(dice),
        reason
      })
    case 'channelDelete':
      return draft('channelDelete', { channel, reason })
    case 'overwrite': {
      const allow = bitsOf(dice, CHANNEL_BITS, 0.15)
      const deny = bitsOf(dice, CHANNEL_BITS, 0.15) & ~allow
      const none = bitsOf(dice, CHANNEL_BITS, 0.1) & ~(allow | deny)
      return draft('overwrite', { channel, ...targetFor(picked), allow, deny, none, reason })
    }
    case 'threadCreate':
      return draft('threadCreate', { parent: channel, private: dice.below(2), name: 't' })
    default:
      return undefined
  }
}

function creationDraft(picked: Picked): OperationDraft {
  const { dice } = picked
  const own = dice.chance(0.5)
  const allow = bitsOf(dice, CHANNEL_BITS, 0.2)
  const kind = dice.pick([0, 1, 1, 1, 2, 3])
  const parent = kind === 0 ? null : categoryFor(picked)
  return draft('channelCreate', {
    kind,
    parent,
    name: 'ch',
    topic: null,
    position: positionOf(dice),
    slowModeSeconds: dice.pick([0, 10]),
    history: [0],
    synced: parent !== null && !own ? 1 : 0,
    nsfw: 0,
    overwrites: own ? [{ ...targetFor(picked), allow, deny: bitsOf(dice, CHANNEL_BITS, 0.2) & ~allow }] : [],
    reason
  })
}

function threadDraft(name: KindName, { dice, maker, state, user }: Picked): OperationDraft | undefined {
  const threads = maker.channels(state, true)
  if (threads.length === 0) return undefined
  const thread = dice.pick(threads)
  switch (name) {
    case 'threadMember':
      return draft('threadMember', { thread, user, member: dice.below(2) })
    case 'threadEdit': {
      const key = 1 + dice.below(3)
      return draft('threadEdit', { thread, rows: [{ key, value: dice.below(key === 3 ? 60 : 2) }], reason })
    }
    case 'threadDelete':
      return draft('threadDelete', { thread, reason })
    default:
      return undefined
  }
}

function serverDraft(name: KindName, picked: Picked): OperationDraft | undefined {
  const { dice, maker, state, user, role, frontier } = picked
  const made = (kind: KindName): readonly OperationId[] =>
    maker.site.operations.filter(op => op.kind === KINDS[kind][0]).map(op => op.id)
  const invites = state.invites()
  switch (name) {
    case 'inviteCreate':
      return draft('inviteCreate', {
        signPublicKey: new Uint8Array(32).fill(dice.below(256)),
        boxPublicKey: null,
        user: dice.chance(0.15) ? user : null,
        roles: dice.chance(0.25) && role !== idAs('r', state.server) ? [role] : [],
        notAfter: dice.chance(0.15) ? START + dice.below(60_000) : null,
        maxUses: dice.chance(0.5) ? 1 + dice.below(2) : null,
        reason
      })
    case 'inviteRevoke':
      return invites.length === 0
        ? undefined
        : draft('inviteRevoke', { invite: dice.pick(invites).id, reason })
    case 'serverSet':
      return draft('serverSet', { rows: [{ key: 0, value: `s${dice.below(9)}` }], reason })
    case 'policySet':
      return draft('policySet', { rows: [{ key: dice.pick([0, 2, 4, 5, 5]), value: dice.below(2) }], reason })
    case 'protoRaise':
      return draft('protoRaise', { version: dice.chance(0.5) ? 1 : 2, reason })
    case 'transfer': {
      const device = maker.people.find(each => each.user === user)?.device as DeviceId
      const consent = { device, signature: new Uint8Array(64) }
      return draft('transfer', { user, consent, root: null, reason })
    }
    case 'automodSet': {
      const rules = made('automodSet')
      const rule = rules.length > 0 && dice.chance(0.5) ? dice.pick(rules) : null
      return draft('automodSet', { rule, payload: Uint8Array.of(dice.below(3)), reason })
    }
    case 'automodDelete': {
      const rules = made('automodSet')
      return rules.length === 0 ? undefined : draft('automodDelete', { rule: dice.pick(rules), reason })
    }
    case 'objectSet':
      return objectSetDraft(picked, made('objectSet'))
    case 'objectDelete': {
      const objects = made('objectSet')
      return objects.length === 0 ? undefined : draft('objectDelete', { object: dice.pick(objects), reason })
    }
    case 'checkpoint':
      return {
        kind: KINDS.checkpoint[0],
        body: [
          0,
          new Uint8Array(32),
          [],
          [...new Set([frontier[0], dice.pick(maker.site.operations)])].map(op =>
            idToBytes((op as { id: OperationId }).id)
          ),
          maker.site.operations.length,
          ...[1, 2, 3].map(byte => new Uint8Array(32).fill(byte)),
          dice.chance(0.2) ? new Uint8Array(32) : null,
          []
        ]
      }
    case 'transferRecover': {
      const signature = new Uint8Array(64)
      const sigs = [{ device: picked.who.device, signature }]
      return draft('transferRecover', { user, checkpoint: idAs('o', state.server), sigs, reason })
    }
    default:
      return undefined
  }
}

function objectSetDraft({ dice, maker, state }: Picked, objects: readonly OperationId[]): OperationDraft {
  const channels = maker.channels(state, false)
  const type = dice.pick([0, 0, 3, 4])
  const channel = type === 3 && channels.length > 0 ? dice.pick(channels) : null
  const object = objects.length > 0 && dice.chance(0.5) ? dice.pick(objects) : null
  return draft('objectSet', {
    object,
    type,
    channel,
    name: 'e',
    payload: Uint8Array.of(dice.below(9)),
    reason
  })
}
