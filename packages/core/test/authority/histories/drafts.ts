/** What somebody tries to do in a random history: any kind, about whatever their claimed past knows, or does not. */
import { type DeviceId, idToBytes, type RoleId, type UserId } from '../../../src/base/index.ts'
import {
  type AuthorityState,
  draft,
  type KindName,
  KINDS,
  type KnownPermission,
  type OperationDraft,
  permissionsToBits
} from '../../../src/authority/index.ts'
import type { CutRow } from '../../../src/graph/index.ts'
import { START } from '../cast.ts'
import type { Dice } from './dice.ts'
import { objectDraft } from './object-drafts.ts'
import type { Picked, Scene } from './scene.ts'
import { gatherDraft, selfDraft } from './self-drafts.ts'

/** Kinds by how often they are tried, and the bit without which that is mostly left alone. */
const TRIED: readonly (readonly [KindName, number, KnownPermission?])[] = [
  ['join', 6],
  ['leave', 1],
  ['nick', 1, 'ChangeNickname'],
  ['deviceAdd', 2],
  ['deviceRevoke', 2],
  ['identityEntry', 1],
  ['threadCreate', 4],
  ['threadMember', 8],
  ['gather', 2],
  ['inviteCreate', 4, 'CreateInstantInvite'],
  ['inviteRevoke', 2],
  ['memberNick', 2, 'ManageNicknames'],
  ['memberVoice', 2, 'MuteMembers'],
  ['kick', 8, 'KickMembers'],
  ['ban', 8, 'BanMembers'],
  ['unban', 5, 'BanMembers'],
  ['timeout', 6, 'ModerateMembers'],
  ['seal', 7, 'KickMembers'],
  ['cutExtend', 4, 'KickMembers'],
  ['roleCreate', 2, 'ManageRoles'],
  ['roleEdit', 8, 'ManageRoles'],
  ['roleMove', 6, 'ManageRoles'],
  ['roleDelete', 3, 'ManageRoles'],
  ['roleAssign', 10, 'ManageRoles'],
  ['roleUnassign', 7, 'ManageRoles'],
  ['channelCreate', 4, 'ManageChannels'],
  ['channelEdit', 4, 'ManageChannels'],
  ['channelMove', 3, 'ManageChannels'],
  ['channelDelete', 1, 'ManageChannels'],
  ['threadEdit', 6],
  ['overwrite', 9, 'ManageRoles'],
  ['threadDelete', 2, 'ManageThreads'],
  ['serverSet', 2, 'ManageServer'],
  ['policySet', 1],
  ['protoRaise', 1],
  ['transfer', 7],
  ['automodSet', 1, 'ManageServer'],
  ['automodDelete', 2, 'ManageServer'],
  ['objectSet', 2],
  ['objectDelete', 2],
  ['checkpoint', 1],
  ['transferRecover', 0.1]
]
const SUM = TRIED.reduce((sum, [, weight]) => sum + weight, 0)
const OWNERS: ReadonlySet<KindName> = new Set(['policySet', 'protoRaise', 'transfer'])

function kindFor(dice: Dice, held: bigint, owner: boolean): KindName {
  for (;;) {
    let roll = dice.below(SUM)
    const [name, , bit] = TRIED.find(([, weight]) => (roll -= weight) < 0) as (typeof TRIED)[number]
    const lacks =
      (OWNERS.has(name) && !owner) || (bit !== undefined && (held & permissionsToBits([bit])) === 0n)
    if (!lacks || dice.chance(0.12)) return name
  }
}

/** What fits the author's place: whoever is not in mostly tries to get in, or leaves it. */
function kindIn({ maker, who, state }: Scene): KindName | undefined {
  const { dice } = maker
  const status = state.member(who.user)?.status
  const isOn = state.device(who.device)?.on === true
  if ((status !== 'in' || !isOn) && dice.chance(0.9)) {
    if (status === 'banned' && dice.chance(0.9)) return undefined
    if (status === 'in' && dice.chance(0.8))
      return state.device(who.device) === undefined ? 'deviceAdd' : undefined
    return 'join'
  }
  const owns = state.owner === who.user
  const gaveAway = owns && maker.site.operations.some(op => op.kind === KINDS.transfer[0])
  // An owner who hides that they gave ownership away is the one to fear (AU21).
  if (gaveAway && dice.chance(0.2)) return 'transfer'
  return kindFor(dice, state.permissions(who.user, null, START), owns)
}

/** Somebody, most often somebody who is in. */
function userIn({ maker, state }: Scene): UserId {
  const { dice } = maker
  const members = [...state.members()].map(each => each.user)
  return members.length > 0 && dice.chance(0.8) ? dice.pick(members) : dice.pick(maker.people).user
}

/** Rows about a user's devices, as far as the frontier knows them; some of them wrong. */
function cutOf({ maker, frontier }: Scene, user: UserId): readonly CutRow[] | null {
  const { dice } = maker
  if (dice.chance(0.5)) return null
  const closure = maker.closure(frontier.map(op => op.id))
  const rows: CutRow[] = []
  const devices = new Set(maker.people.filter(each => each.user === user).map(each => each.device))
  for (const device of devices) {
    const own = maker.site.operations.filter(op => op.device === device && closure.has(op.id))
    if (own.length === 0 || dice.chance(0.2)) continue
    const last = dice.chance(0.15) ? undefined : dice.pick(own)
    const content = dice.chance(0.5)
    rows.push({
      device,
      seq: last === undefined ? null : last.seq + Number(dice.chance(0.03)),
      operation: last?.id ?? null,
      contentSeq: content ? dice.below(5) : null,
      envelope: content ? new Uint8Array(32).fill(dice.below(3)) : null
    })
  }
  return rows.length === 0 ? null : rows
}

/** One idea; undefined where the scene has nothing to apply it to. */
export function draftOf(scene: Scene): OperationDraft | undefined {
  const { maker, state } = scene
  const { dice } = maker
  if (dice.chance(0.004)) return { kind: 10 + dice.below(6), body: [] }
  const name = kindIn(scene)
  if (name === undefined) return undefined
  const user = userIn(scene)
  const picked: Picked = {
    ...scene,
    dice,
    user,
    role: dice.pick(state.roles()).id,
    cut: { cut: cutOf(scene, user) }
  }
  return name === 'gather'
    ? gatherDraft(scene)
    : (selfDraft(name, picked) ?? memberDraft(name, picked) ?? objectDraft(name, picked))
}

function memberDraft(name: KindName, picked: Picked): OperationDraft | undefined {
  const { dice, state, user, role, cut } = picked
  const reason = null
  switch (name) {
    case 'memberNick':
      return draft('memberNick', { user, nick: `m${dice.below(9)}`, reason })
    case 'memberVoice': {
      const mute = dice.chance(0.3) ? null : dice.below(2)
      return draft('memberVoice', { user, mute, deaf: dice.chance(0.5) ? null : dice.below(2), reason })
    }
    case 'kick':
      return draft('kick', { user, reason }, cut)
    case 'ban':
      return draft('ban', { user, reason }, cut)
    case 'unban':
      return draft('unban', { user: dice.pick([...state.banned(), user]), reason })
    case 'timeout': {
      const until = dice.chance(0.3) ? 0 : START + dice.below(dice.chance(0.03) ? 9_000_000_000 : 100_000)
      return draft('timeout', { user, until, reason }, cut)
    }
    case 'seal':
      return sealDraft(picked)
    case 'cutExtend':
      return extensionDraft(picked)
    case 'roleAssign':
      return draft('roleAssign', { user, role, reason })
    case 'roleUnassign': {
      const held = state.member(user)?.roles ?? []
      const taken = held.length > 0 && dice.chance(0.8) ? dice.pick(held) : role
      return draft('roleUnassign', { user, role: taken, reason }, cut)
    }
    default:
      return undefined
  }
}

/** Of somebody who is out, or of a role that somebody was relieved of. */
function sealDraft(picked: Picked): OperationDraft {
  const { dice, maker, state, user, role } = picked
  const relieved = maker.site.operations.filter(op => op.kind === KINDS.roleUnassign[0])
  if (relieved.length > 0 && dice.chance(0.5)) {
    const [target, taken] = dice.pick(relieved).body as readonly [Uint8Array, Uint8Array]
    const about = maker.people.find(each => sameBytes(idToBytes(each.user), target))?.user as UserId
    const body = { user: about, role: roleOf(taken, state) ?? role, reason: null }
    return draft('seal', body, { cut: cutOf(picked, about) })
  }
  const gone = maker.people
    .map(each => each.user)
    .filter(each => state.member(each) !== undefined && state.member(each)?.status !== 'in')
  const target = dice.pick([...gone, ...gone, user])
  return draft('seal', { user: target, role: null, reason: null }, { cut: cutOf(picked, target) })
}

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => a.every((byte, at) => byte === b[at])

function roleOf(bytes: Uint8Array, state: AuthorityState): RoleId | undefined {
  return state.roles().find(each => sameBytes(idToBytes(each.id), bytes))?.id
}

function extensionDraft({ dice, maker, frontier }: Picked): OperationDraft | undefined {
  const closure = maker.closure(frontier.map(op => op.id))
  const denials = maker.site.operations.filter(op => op.cut !== null && closure.has(op.id))
  if (denials.length === 0) return undefined
  const denial = dice.pick(denials)
  const row = denial.cut?.[0] as CutRow
  const device: DeviceId = dice.chance(0.95) ? row.device : dice.pick(maker.people).device
  const contentSeq = (row.contentSeq ?? 0) + dice.below(4)
  const rows = [{ device, contentSeq, envelope: new Uint8Array(32).fill(dice.below(3)) }]
  return draft('cutExtend', { denial: denial.id, rows, reason: null })
}
