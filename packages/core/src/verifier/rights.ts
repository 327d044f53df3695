/** Who may do what by a state, and on which cells that rests (AU15–AU18), written from the page. */
import { idAs, idFromBytes } from '../base/index.ts'
import { EVERYONE, ofOwner, ofPosition, type Strength, TOP, weaker } from './cells.ts'
import type { Reader } from './world.ts'

/** Bit positions that rules name (AU33). */
export const BIT = {
  CreateInstantInvite: 0,
  KickMembers: 1,
  BanMembers: 2,
  Administrator: 3,
  ManageChannels: 4,
  ManageServer: 5,
  ViewChannel: 10,
  SendMessages: 11,
  SendTTSMessages: 12,
  ManageMessages: 13,
  EmbedLinks: 14,
  AttachFiles: 15,
  ReadMessageHistory: 16,
  MentionEveryone: 17,
  Connect: 20,
  MuteMembers: 22,
  DeafenMembers: 23,
  ChangeNickname: 26,
  ManageNicknames: 27,
  ManageRoles: 28,
  ManageWebhooks: 29,
  ManageServerExpressions: 30,
  ManageEvents: 33,
  ManageThreads: 34,
  CreatePublicThreads: 35,
  CreatePrivateThreads: 36,
  SendMessagesInThreads: 38,
  ModerateMembers: 40,
  CreateServerExpressions: 43,
  CreateEvents: 44
} as const
/** Bits that mean nothing without SendMessages (AU30). */
export const NEEDS_SENDING: readonly number[] = [
  BIT.SendTTSMessages,
  BIT.EmbedLinks,
  BIT.AttachFiles,
  BIT.MentionEveryone
]

export interface Need {
  readonly bit: number
  readonly channel: string | null
}

/** One role somebody holds, the cells that say so, and their weakest writer. */
export interface Held {
  readonly role: string
  readonly cells: readonly string[]
  readonly strength: Strength
}

export interface Standing {
  readonly user: string
  readonly generation: number | undefined
  readonly rank: Strength
  readonly held: ReadonlyMap<string, Held>
  readonly highest: string | undefined
  readonly timedOut: boolean
}

export const everyoneOf = (reader: Reader): string => idAs('r', reader.world.server as never)
export const isRole = (reader: Reader, role: string): boolean =>
  role === everyoneOf(reader) || reader.value(`role|${role}|exists`) === 1
const strengthAt = (reader: Reader, cell: string): Strength => reader.winner(cell)?.by.known.strength ?? TOP

export function rankOf(reader: Reader, role: string): Strength {
  const value = reader.value(`role|${role}|pos`)
  return value instanceof Uint8Array ? ofPosition(value) : EVERYONE
}

function heldBy(reader: Reader, user: string): Map<string, Held> {
  const everyone = everyoneOf(reader)
  const held = new Map<string, Held>([[everyone, { role: everyone, cells: [], strength: TOP }]])
  const joins = reader.liveJoins(user)
  for (const role of new Set(joins.flatMap(join => reader.rolesOf(join)))) {
    if (!isRole(reader, role)) continue
    let best: Held | undefined
    for (const cell of joins.map(join => `asg|${join}|${role}`)) {
      if (reader.value(cell) !== 1) continue
      const strength = strengthAt(reader, cell)
      if (best === undefined || strength > best.strength) best = { role, cells: [cell], strength }
    }
    if (best === undefined) continue
    const exists = `role|${role}|exists`
    held.set(role, {
      role,
      cells: [...best.cells, exists],
      strength: weaker(best.strength, strengthAt(reader, exists))
    })
  }
  return held
}

export function standingOf(reader: Reader, user: string, at: number): Standing {
  const owner = reader.owner()
  const held = heldBy(reader, user)
  const owns = owner.user === user
  let rank = EVERYONE
  let highest: string | undefined
  for (const role of [...held.keys()].sort()) {
    const strength = rankOf(reader, role)
    if (strength > rank) [rank, highest] = [strength, role]
  }
  return {
    user,
    generation: owns ? owner.generation : undefined,
    rank: owns ? ofOwner(owner.generation) : rank,
    held,
    highest,
    timedOut: !owns && reader.number(`timeout|${user}`, 0) > at
  }
}

/** One way to a bit. */
interface Way {
  readonly role: string
  readonly bit: number
  readonly cells: readonly string[]
  readonly strength: Strength
}

/** AU15's best: weakest writer highest, then lower role, then the bit itself before Administrator. */
function best(ways: readonly Way[], bit: number): Way | undefined {
  return [...ways].sort(
    (a, b) =>
      (a.strength > b.strength ? -1 : a.strength < b.strength ? 1 : 0) ||
      (a.role < b.role ? -1 : a.role > b.role ? 1 : 0) ||
      Number(b.bit === bit) - Number(a.bit === bit)
  )[0]
}

function baseWays(reader: Reader, standing: Standing, bit: number): Way[] {
  return [...standing.held.values()].flatMap(({ role, cells, strength }) => {
    const cell = `role|${role}|bit|${bit}`
    if (reader.value(cell) !== 1) return []
    return [{ role, bit, cells: [...cells, cell], strength: weaker(strength, strengthAt(reader, cell)) }]
  })
}

export const channelOf = (value: unknown): string | undefined =>
  value instanceof Uint8Array ? idFromBytes('c', value) : undefined
export const kindOf = (reader: Reader, channel: string): unknown => reader.value(`ch|${channel}|kind`)
export const parentOf = (reader: Reader, channel: string): string | undefined =>
  channelOf(reader.value(`ch|${channel}|parent`))

/** Existence cells of a channel, and of a thread's parent. */
export function existence(reader: Reader, channel: string): string[] {
  const parent = kindOf(reader, channel) === 'thread' ? parentOf(reader, channel) : undefined
  return [`ch|${channel}|exists`, ...(parent === undefined ? [] : [`ch|${parent}|exists`])]
}
export const isChannel = (reader: Reader, channel: string): boolean =>
  existence(reader, channel).every(cell => reader.value(cell) === 1)

/** Where a channel's overwrites stand (AU31, AU32), and the cells that came later than the channel and say so. */
export function sourceOf(
  reader: Reader,
  channel: string
): { readonly channel: string; readonly cells: readonly string[] } {
  const source = kindOf(reader, channel) === 'thread' ? (parentOf(reader, channel) ?? channel) : channel
  const cells: string[] = []
  const read = (attribute: string): unknown => {
    const cell = `ch|${source}|${attribute}`
    const winner = reader.winner(cell)
    if (winner !== undefined && winner.by.op.id.slice(1) !== source.slice(1)) cells.push(cell)
    return winner?.value
  }
  if (read('synced') !== 1) return { channel: source, cells }
  const category = channelOf(read('parent'))
  const exists = category !== undefined && reader.value(`ch|${category}|exists`) === 1
  return { channel: exists ? category : source, cells }
}

const ALLOW = 0
const DENY = 2

/** AU16: ways of the first layer that decides, and the cells of all layers looked at. */
function channelWays(
  reader: Reader,
  standing: Standing,
  bit: number,
  channel: string
): { ways: Way[]; cells: string[] } {
  const source = sourceOf(reader, channel)
  const cells = [...source.cells]
  const everyone = everyoneOf(reader)
  const at = (target: string): { cell: string; value: unknown } => {
    const cell = `ow|${source.channel}|${target}|${bit}`
    cells.push(cell)
    return { cell, value: reader.value(cell) }
  }
  const way = (cell: string, held?: Held): Way => ({
    role: held?.role ?? everyone,
    bit,
    cells: [...(held?.cells ?? []), cell],
    strength: weaker(held?.strength ?? TOP, strengthAt(reader, cell))
  })
  const own = at(standing.user)
  if (own.value === ALLOW || own.value === DENY)
    return { ways: own.value === ALLOW ? [way(own.cell)] : [], cells }
  const before = cells.length
  const roles = [...standing.held.values()]
    .filter(each => each.role !== everyone)
    .map(held => ({ held, ...at(held.role) }))
  const allowing = roles.filter(each => each.value === ALLOW)
  // The layer that decides brings the cells it rests on; of the others of its own it keeps none.
  if (allowing.length > 0 || roles.some(each => each.value === DENY))
    return { ways: allowing.map(each => way(each.cell, each.held)), cells: cells.slice(0, before) }
  const all = at(everyone)
  if (all.value === ALLOW || all.value === DENY)
    return { ways: all.value === ALLOW ? [way(all.cell)] : [], cells }
  return { ways: baseWays(reader, standing, bit), cells }
}

/** Bits that one bit in a channel means nothing without (AU16). */
function implied(reader: Reader, need: Need): readonly Need[] {
  const { bit, channel } = need
  if (channel === null) return [need]
  const kind = kindOf(reader, channel)
  const sending = kind === 'thread' ? BIT.SendMessagesInThreads : BIT.SendMessages
  const bits: number[] = [BIT.ViewChannel]
  if (bit !== BIT.ViewChannel) {
    if (kind === 'voice' || kind === 'stage') bits.push(BIT.Connect)
    if (NEEDS_SENDING.includes(bit)) bits.push(sending)
    bits.push(bit === BIT.SendMessages ? sending : bit)
  }
  return bits.map(each => ({ bit: each, channel }))
}

/** What an author's act rests on. */
export interface Proof {
  readonly rank: Strength
  readonly generation?: number
  readonly cells: ReadonlySet<string>
  readonly supp: ReadonlyMap<string, Strength>
}

/** Proves that somebody holds every bit needed; undefined where one is missing. */
export function prove(
  reader: Reader,
  standing: Standing,
  needs: readonly Need[],
  acts: readonly string[] = [],
  rankless = false
): Proof | undefined {
  const cells = new Set<string>(acts)
  const supp = new Map<string, Strength>()
  const rest = (cell: string): void => {
    cells.add(cell)
    const winner = reader.winner(cell)
    if (winner !== undefined) supp.set(winner.by.op.id, winner.by.known.strength)
  }
  if (standing.generation !== undefined) {
    rest('owner')
    return { rank: standing.rank, generation: standing.generation, cells, supp }
  }
  cells.add(`member|${standing.user}`)
  const { highest } = standing
  if (highest !== undefined && !rankless) {
    for (const cell of standing.held.get(highest)?.cells ?? []) rest(cell)
    rest(`role|${highest}|pos`)
  }
  let timed = false
  for (const { bit, channel } of needs.flatMap(need => implied(reader, need))) {
    const free = bit === BIT.ViewChannel || bit === BIT.ReadMessageHistory
    const admin = best(baseWays(reader, standing, BIT.Administrator), bit)
    const layered =
      standing.timedOut && !free
        ? { ways: [], cells: [] }
        : channel === null
          ? { ways: baseWays(reader, standing, bit), cells: [] }
          : channelWays(reader, standing, bit, channel)
    const way = best([...layered.ways, ...(admin === undefined ? [] : [admin])], bit)
    if (way === undefined) return undefined
    for (const cell of way.cells) rest(cell)
    if (way.bit === BIT.Administrator && bit !== BIT.Administrator) continue
    for (const cell of layered.cells) rest(cell)
    if (!free && bit !== BIT.Administrator) timed = true
  }
  if (timed) {
    const cell = `timeout|${standing.user}`
    const winner = reader.winner(cell)
    if (winner !== undefined && (winner.value as number) <= winner.by.op.ts) rest(cell)
    else cells.add(cell)
  }
  return { rank: rankless ? EVERYONE : standing.rank, cells, supp }
}
