/**
 * Authority proofs (AU15–AU17): which cells, written by whom, let an author do something. Computed from a state,
 * never chosen by the author.
 */
import {
  type ChannelId,
  compareIds,
  idAs,
  idFromBytes,
  type OperationId,
  refuse,
  type Refusal,
  type RoleId,
  type UserId
} from '../base/index.ts'
import {
  assignmentCell,
  channelCell,
  memberCell,
  OVERWRITE_ALLOW,
  OVERWRITE_DENY,
  overwriteCell,
  OWNER_CELL,
  roleBitCell,
  roleCell,
  timeoutCell
} from './cell.ts'
import { PERMISSION_BITS, permissionOfBit } from './flags.ts'
import type { StateReader, Winner } from './reader.ts'
import { EVERYONE_STRENGTH, ownerStrength, positionStrength, type Strength, weaker } from './strength.ts'

/** A bit needed in the whole server (`channel` null) or in one channel. */
export interface Need {
  readonly bit: number
  readonly channel: ChannelId | null
}

/** What a proof rests on. */
export interface Proof {
  /** The author's rank, before the minimum over what it rests on (AU18). */
  readonly rank: Strength
  readonly generation?: number
  readonly cells: ReadonlySet<string>
  readonly supp: ReadonlyMap<OperationId, Strength>
}

/** A refusal that also names the permission that was missing. */
export type Missing = Refusal & { readonly permission?: string }

interface HeldRole {
  readonly role: RoleId
  /** Empty for `@everyone`. */
  readonly cells: readonly string[]
  readonly strength: Strength
}

/** What the author is before any bit is asked for. */
export interface Standing {
  readonly user: UserId
  readonly owner: { readonly generation: number } | undefined
  readonly rank: Strength
  /** Roles held, `@everyone` included. */
  readonly held: ReadonlyMap<RoleId, HeldRole>
  readonly highest: RoleId | undefined
  readonly timedOut: boolean
}

const ADMINISTRATOR = PERMISSION_BITS.Administrator
const STRONGEST = ownerStrength(0xffff_ffff_ffff)
/** Bits that a timeout leaves (AU30). */
const KEPT_IN_TIMEOUT: ReadonlySet<number> = new Set([
  PERMISSION_BITS.ViewChannel,
  PERMISSION_BITS.ReadMessageHistory
])

const channelIds = new WeakMap<Uint8Array, ChannelId>()

/** A channel id out of a cell's bytes; spelt once per value. */
export function channelOf(value: unknown): ChannelId | null {
  if (!(value instanceof Uint8Array)) return null
  let id = channelIds.get(value)
  if (id === undefined) channelIds.set(value, (id = idFromBytes('c', value)))
  return id
}

/** Numeric value of a cell, or a default where nobody wrote it. */
export function numberOf(reader: StateReader, cell: string, otherwise: number): number {
  const value = reader.winner(cell)?.value
  return typeof value === 'number' ? value : otherwise
}

/** Whether the role exists now. */
export function roleExists(reader: StateReader, role: RoleId): boolean {
  return role === idAs('r', reader.server) || reader.winner(roleCell(role, 'exists'))?.value === 1
}

/** Strength of a role's position; of one without, `@everyone`'s. */
export function roleStrength(reader: StateReader, role: RoleId): Strength {
  const value = reader.winner(roleCell(role, 'pos'))?.value
  return value instanceof Uint8Array ? positionStrength(value) : EVERYONE_STRENGTH
}

/** The owner in this state. */
export function ownerOf(reader: StateReader): { readonly user: UserId; readonly generation: number } {
  return reader.winner(OWNER_CELL)?.by.known.owner as { readonly user: UserId; readonly generation: number }
}

/** The strongest of the cells that hold an assignment of this role to a live join. */
function heldBy(reader: StateReader, joins: readonly OperationId[], role: RoleId): HeldRole | undefined {
  let best: HeldRole | undefined
  for (const join of joins) {
    const cell = assignmentCell(join, role)
    const winner = reader.winner(cell)
    if (winner?.value !== 1) continue
    const strength = winner.by.known.strength
    if (best === undefined || strength > best.strength) best = { role, cells: [cell], strength }
  }
  return best
}

function rolesHeld(reader: StateReader, user: UserId): Map<RoleId, HeldRole> {
  const joins = reader.liveJoins(user)
  const everyone = idAs('r', reader.server)
  const held = new Map<RoleId, HeldRole>([[everyone, { role: everyone, cells: [], strength: STRONGEST }]])
  for (const join of joins) {
    for (const role of reader.assigned(join)) {
      if (held.has(role) || !roleExists(reader, role)) continue
      const found = heldBy(reader, joins, role)
      if (found === undefined) continue
      const exists = roleCell(role, 'exists')
      const strength = weaker(found.strength, (reader.winner(exists) as Winner).by.known.strength)
      held.set(role, { role, cells: [...found.cells, exists], strength })
    }
  }
  return held
}

/** Rank, roles and timeout of a user in a state (AU12's legend). */
export function standingOf(reader: StateReader, user: UserId, at: number): Standing {
  const owner = ownerOf(reader)
  const held = rolesHeld(reader, user)
  let rank = EVERYONE_STRENGTH
  let highest: RoleId | undefined
  for (const role of held.keys()) {
    const strength = roleStrength(reader, role)
    if (strength > rank || (strength === rank && highest !== undefined && compareIds(role, highest) < 0)) {
      rank = strength
      highest = role
    }
  }
  const timedOut = numberOf(reader, timeoutCell(user), 0) > at
  if (owner.user === user)
    return { user, owner, rank: ownerStrength(owner.generation), held, highest, timedOut: false }
  return { user, owner: undefined, rank, held, highest, timedOut }
}

/** A way to have one bit: the cells it rests on and their weakest writer. */
interface Candidate {
  readonly role: RoleId
  readonly bit: number
  readonly cells: readonly string[]
  readonly strength: Strength
}

function isBetter(a: Candidate, b: Candidate, needed: number): boolean {
  if (a.strength !== b.strength) return a.strength > b.strength
  const order = compareIds(a.role, b.role)
  return order !== 0 ? order < 0 : a.bit === needed && b.bit !== needed
}

/** Candidates (role, bit) in the base of AU29 (AU15). */
function baseCandidate(
  reader: StateReader,
  standing: Standing,
  bit: number,
  needed: number,
  also: Candidate | undefined
): Candidate | undefined {
  let best = also
  for (const held of standing.held.values()) {
    const cell = roleBitCell(held.role, bit)
    const winner = reader.winner(cell)
    if (winner?.value !== 1) continue
    const candidate = {
      role: held.role,
      bit,
      cells: [...held.cells, cell],
      strength: weaker(held.strength, winner.by.known.strength)
    }
    if (best === undefined || isBetter(candidate, best, needed)) best = candidate
  }
  return best
}

/** Where a channel's overwrites are read, and the cells that say so (AU31, AU32). */
export function overwriteSource(
  reader: StateReader,
  channel: ChannelId
): { readonly channel: ChannelId; readonly cells: readonly string[] } {
  let source = channel
  const cells: string[] = []
  if (reader.winner(channelCell(channel, 'kind'))?.value === 'thread') {
    source = channelOf(reader.winner(channelCell(channel, 'parent'))?.value) ?? channel
  }
  const read = (attribute: 'synced' | 'parent'): Winner | undefined => {
    const winner = reader.winner(channelCell(source, attribute))
    // What the channel was created with falls with the channel: no support of its own.
    if (winner !== undefined && idAs('c', winner.by.op.id) !== source)
      cells.push(channelCell(source, attribute))
    return winner
  }
  if (read('synced')?.value === 1) {
    const category = channelOf(read('parent')?.value)
    if (category !== null && reader.winner(channelCell(category, 'exists'))?.value === 1)
      return { channel: category, cells }
  }
  return { channel: source, cells }
}

/** The deciding layer for a bit in a channel: cells of every higher layer and of its own, and what it decides (AU16). */
function channelCandidate(
  reader: StateReader,
  standing: Standing,
  need: Need
): { candidate: Candidate | undefined; cells: string[] } {
  const source = overwriteSource(reader, need.channel as ChannelId)
  const everyone = idAs('r', reader.server)
  const read: string[] = [...source.cells]
  const valueAt = (target: RoleId | UserId): { cell: string; winner: Winner | undefined } => {
    const cell = overwriteCell(source.channel, target, need.bit)
    return { cell, winner: reader.winner(cell) }
  }
  const decided = (
    cell: string,
    winner: Winner,
    held?: HeldRole
  ): { candidate: Candidate | undefined; cells: string[] } => ({
    candidate:
      winner.value === OVERWRITE_ALLOW
        ? {
            role: held?.role ?? everyone,
            bit: need.bit,
            cells: [...(held?.cells ?? []), cell],
            strength: weaker(held?.strength ?? STRONGEST, winner.by.known.strength)
          }
        : undefined,
    cells: read
  })
  const own = valueAt(standing.user)
  read.push(own.cell)
  if (own.winner !== undefined && decides(own.winner)) return decided(own.cell, own.winner)
  const layer = roleLayer(standing, everyone, valueAt, decided)
  if (layer.result !== undefined) return layer.result
  read.push(...layer.cells)
  const all = valueAt(everyone)
  read.push(all.cell)
  if (all.winner !== undefined && decides(all.winner)) return decided(all.cell, all.winner)
  return { candidate: baseCandidate(reader, standing, need.bit, need.bit, undefined), cells: read }
}

function decides(winner: Winner): boolean {
  return winner.value === OVERWRITE_ALLOW || winner.value === OVERWRITE_DENY
}

type Decided = { candidate: Candidate | undefined; cells: string[] }

function roleLayer(
  standing: Standing,
  everyone: RoleId,
  valueAt: (target: RoleId) => { cell: string; winner: Winner | undefined },
  decided: (cell: string, winner: Winner, held: HeldRole) => Decided
): { result: Decided | undefined; cells: string[] } {
  const cells: string[] = []
  let allowed: Decided | undefined
  let denied: Decided | undefined
  for (const held of standing.held.values()) {
    if (held.role === everyone) continue
    const { cell, winner } = valueAt(held.role)
    cells.push(cell)
    if (winner === undefined || !decides(winner)) continue
    const result = decided(cell, winner, held)
    if (result.candidate === undefined) denied = result
    else if (
      allowed?.candidate === undefined ||
      isBetter(result.candidate, allowed.candidate, result.candidate.bit)
    )
      allowed = result
  }
  return { result: allowed ?? denied, cells }
}

/** Bits that one bit in a channel means nothing without (AU30, AU32). */
function implied(reader: StateReader, need: Need): readonly Need[] {
  if (need.channel === null) return [need]
  const kind = reader.winner(channelCell(need.channel, 'kind'))?.value
  const thread = kind === 'thread'
  const sending = thread ? PERMISSION_BITS.SendMessagesInThreads : PERMISSION_BITS.SendMessages
  const out: Need[] = []
  const add = (bit: number): void => {
    out.push({ bit, channel: need.channel })
  }
  add(PERMISSION_BITS.ViewChannel)
  if (need.bit === PERMISSION_BITS.ViewChannel) return out
  if ((kind === 'voice' || kind === 'stage') && need.bit !== PERMISSION_BITS.Connect)
    add(PERMISSION_BITS.Connect)
  if (NEEDS_SENDING.has(need.bit)) add(sending)
  add(thread && need.bit === PERMISSION_BITS.SendMessages ? sending : need.bit)
  return out
}

const NEEDS_SENDING: ReadonlySet<number> = new Set([
  PERMISSION_BITS.MentionEveryone,
  PERMISSION_BITS.SendTTSMessages,
  PERMISSION_BITS.AttachFiles,
  PERMISSION_BITS.EmbedLinks
])

/** Collects what a proof rests on. */
class ProofBuilder {
  readonly cells = new Set<string>()
  readonly supp = new Map<OperationId, Strength>()
  readonly #reader: StateReader

  constructor(reader: StateReader) {
    this.#reader = reader
  }

  /** The cell and its winning writer (AU17). */
  rest(cell: string): void {
    this.cells.add(cell)
    const winner = this.#reader.winner(cell)
    if (winner !== undefined) this.supp.set(winner.by.op.id, winner.by.known.strength)
  }

  /** The cell alone: membership, running or expired timeouts, the thing acted on. */
  watch(cell: string): void {
    this.cells.add(cell)
  }
}

/**
 * Proves that a user holds every bit needed, or names the first that is missing.
 *
 * @param needs - Empty for acts that need membership and rank alone.
 * @param acts - Cells of the things acted on: relied on, but no support (AU17).
 * @param rankless - For acts that no rank is compared with: the highest role plays no part, and rank is `@everyone`'s.
 */
export function prove(
  reader: StateReader,
  standing: Standing,
  needs: readonly Need[],
  acts: readonly string[] = [],
  rankless = false
): { readonly ok: true; readonly value: Proof } | Missing {
  const builder = new ProofBuilder(reader)
  for (const cell of acts) builder.watch(cell)
  if (standing.owner !== undefined) {
    builder.rest(OWNER_CELL)
    return {
      ok: true,
      value: {
        rank: standing.rank,
        generation: standing.owner.generation,
        cells: builder.cells,
        supp: builder.supp
      }
    }
  }
  builder.watch(memberCell(standing.user))
  if (standing.highest !== undefined && !rankless) {
    for (const cell of (standing.held.get(standing.highest) as HeldRole).cells) builder.rest(cell)
    builder.rest(roleCell(standing.highest, 'pos'))
  }
  const missing = proveBits(reader, standing, needs, builder)
  if (missing !== undefined) return missing
  return {
    ok: true,
    value: { rank: rankless ? EVERYONE_STRENGTH : standing.rank, cells: builder.cells, supp: builder.supp }
  }
}

function proveBits(
  reader: StateReader,
  standing: Standing,
  needs: readonly Need[],
  builder: ProofBuilder
): Missing | undefined {
  const done = new Set<string>()
  let reliesOnTimeout = false
  for (const need of needs.flatMap(each => implied(reader, each))) {
    const key = `${need.bit}|${need.channel ?? ''}`
    if (done.has(key)) continue
    done.add(key)
    const free = KEPT_IN_TIMEOUT.has(need.bit)
    const admin = baseCandidate(reader, standing, ADMINISTRATOR, need.bit, undefined)
    const barred = standing.timedOut && !free
    const layered = barred ? { candidate: undefined, cells: [] } : bitCandidate(reader, standing, need)
    const best = pick(layered.candidate, admin, need.bit)
    if (best === undefined) return missingBit(need, barred)
    for (const cell of best.cells) builder.rest(cell)
    if (best.bit === ADMINISTRATOR && need.bit !== ADMINISTRATOR) continue
    for (const cell of layered.cells) builder.rest(cell)
    if (!free && need.bit !== ADMINISTRATOR) reliesOnTimeout = true
  }
  if (reliesOnTimeout) relyOnTimeout(reader, standing.user, builder)
  return undefined
}

/** AU17: a clearing timeout is support, an expired one only relied on. */
function relyOnTimeout(reader: StateReader, user: UserId, builder: ProofBuilder): void {
  const cell = timeoutCell(user)
  const winner = reader.winner(cell)
  if (winner !== undefined && (winner.value as number) <= winner.by.op.at) builder.rest(cell)
  else builder.watch(cell)
}

function bitCandidate(
  reader: StateReader,
  standing: Standing,
  need: Need
): { candidate: Candidate | undefined; cells: readonly string[] } {
  if (need.channel === null)
    return { candidate: baseCandidate(reader, standing, need.bit, need.bit, undefined), cells: [] }
  return channelCandidate(reader, standing, need)
}

function pick(a: Candidate | undefined, b: Candidate | undefined, needed: number): Candidate | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return isBetter(b, a, needed) ? b : a
}

function missingBit(need: Need, barred: boolean): Missing {
  const name = permissionOfBit(need.bit)
  const where = need.channel === null ? 'in the server' : 'in the channel'
  const refusal = refuse(
    'AU14',
    `${name ?? `bit ${need.bit}`} is missing ${where}${barred ? ': timed out' : ''}`
  )
  return name === undefined ? refusal : { ...refusal, permission: name }
}

/** Whether the user holds the bit (B of AU12's legend), as a verdict only. */
export function holds(
  reader: StateReader,
  standing: Standing,
  bit: number,
  channel: ChannelId | null
): boolean {
  return standing.owner !== undefined || prove(reader, standing, [{ bit, channel }], [], true).ok
}
