/**
 * Authority proofs (AU15–AU17): which cells, written by whom, let an author do something. Computed from a state,
 * never chosen by the author.
 */
import { type ChannelId, type OperationId, refuse, type Refusal, type UserId } from '../base/index.ts'
import { baseCandidate, bitCandidate, type Need, pick } from './candidate.ts'
import { channelCell, memberCell, OWNER_CELL, roleCell, timeoutCell } from './cell.ts'
import { PERMISSION_BITS, permissionOfBit } from './flags.ts'
import type { StateReader } from './reader.ts'
import type { HeldRole, Standing } from './standing.ts'
import { EVERYONE_STRENGTH, type Strength } from './strength.ts'

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

const ADMINISTRATOR = PERMISSION_BITS.Administrator
/** Bits that a timeout leaves (AU30). */
const KEPT_IN_TIMEOUT: ReadonlySet<number> = new Set([
  PERMISSION_BITS.ViewChannel,
  PERMISSION_BITS.ReadMessageHistory
])

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

/** Bits that mean nothing without SendMessages (AU30). */
export const NEEDS_SENDING: ReadonlySet<number> = new Set([
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
