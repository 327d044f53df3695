/** Ways to have one permission (AU15, AU16): the layer that decides, and the cells and writers each way rests on. */
import { type ChannelId, compareIds, idAs, type RoleId, type UserId } from '../base/index.ts'
import { channelCell, OVERWRITE_ALLOW, OVERWRITE_DENY, overwriteCell, roleBitCell } from './cell.ts'
import type { StateReader, Winner } from './reader.ts'
import { channelOf, type HeldRole, type Standing, STRONGEST } from './standing.ts'
import { type Strength, weaker } from './strength.ts'

/** A bit needed in the whole server (`channel` null) or in one channel. */
export interface Need {
  readonly bit: number
  readonly channel: ChannelId | null
}

/** A way to have one bit: the cells it rests on and their weakest writer. */
export interface Candidate {
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
export function baseCandidate(
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

/** The best way to one bit beside Administrator, and the cells of the layers it was found through. */
export function bitCandidate(
  reader: StateReader,
  standing: Standing,
  need: Need
): { candidate: Candidate | undefined; cells: readonly string[] } {
  if (need.channel === null)
    return { candidate: baseCandidate(reader, standing, need.bit, need.bit, undefined), cells: [] }
  return channelCandidate(reader, standing, need)
}

/** The better of two ways. */
export function pick(
  a: Candidate | undefined,
  b: Candidate | undefined,
  needed: number
): Candidate | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return isBetter(b, a, needed) ? b : a
}
