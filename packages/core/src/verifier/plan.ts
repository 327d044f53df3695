/** What AU12's rules share: who acts, on whom, and what a kind asks and does. */
import { idFromBytes, idToBytes } from '../base/index.ts'
import type { Suite } from '../crypto/index.ts'
import type { CborValue } from '../encoding/index.ts'
import { type Fact, type Known, ofPosition, type Strength, type Write } from './cells.ts'
import type { IdentityReader } from './identity.ts'
import type { BodyOf, Name } from './kinds.ts'
import type { Op } from './operation.ts'
import {
  BIT,
  everyoneOf,
  isChannel,
  isRole,
  kindOf,
  type Need,
  prove,
  rankOf,
  type Standing,
  standingOf
} from './rights.ts'
import type { Reader } from './world.ts'

/** What a rule reads. */
export interface Case {
  readonly suite: Suite
  readonly identity: IdentityReader
  readonly op: Op
  readonly reader: Reader
  readonly standing: Standing
}

export interface Plan {
  readonly needs?: readonly Need[]
  readonly acts?: readonly string[]
  readonly rests?: readonly string[]
  readonly writes?: readonly Write[]
  readonly target?: string
  readonly until?: number
  readonly revokes?: readonly string[]
  readonly rankless?: boolean
  /** Self-regarding: brings its own cells and support, has strength −1. */
  readonly self?: { readonly cells: readonly string[]; readonly supp: readonly string[] }
  readonly limited?: Known['limited']
  readonly owner?: Known['owner']
  readonly carries?: readonly string[]
  /** What supports the act beside the winners of cells. */
  readonly leans?: readonly Fact[]
  /** The strength that the author must reach. */
  readonly atLeast?: Strength
}

export const write = (cell: string, value: CborValue, denial = false): Write => ({ cell, value, denial })
export const bytesOf = (id: string): Uint8Array => idToBytes(id as never)
export const need = (name: keyof typeof BIT, channel: string | null = null): Need => ({
  bit: BIT[name],
  channel
})
export const needsOf = (bits: readonly number[], channel: string | null): Need[] =>
  bits.map(bit => ({ bit, channel }))
/** Bits that version 1 defines, and those that overwrites may not name (AU33). */
export const isDefined = (bit: number): boolean => (bit <= 52 ? bit !== 47 : bit >= 64 && bit <= 66)
const SERVER_ONLY: readonly number[] = [1, 2, 3, 5, 7, 19, 26, 27, 30, 40, 41, 43]

/** Whose a device is, and whether it is on. */
export function deviceOf(
  reader: Reader,
  device: string
): { readonly user: string; readonly on: boolean } | undefined {
  const winner = reader.winner(`dev|${device}`)
  return winner === undefined
    ? undefined
    : { user: winner.by.known.user, on: (winner.value as number[])[0] === 1 }
}

/** M of AU12. */
export function overMember({ reader, standing, op }: Case, user: string): boolean {
  return reader.owner().user !== user && standingOf(reader, user, op.ts).rank < standing.rank
}

/** R of AU12. */
export function overRole({ reader, standing }: Case, role: string): boolean {
  return isRole(reader, role) && rankOf(reader, role) < standing.rank
}

export const isEveryone = ({ reader }: Case, role: string): boolean => role === everyoneOf(reader)
export const roleActs = (at: Case, role: string): string[] =>
  isEveryone(at, role) ? [] : [`role|${role}|exists`]
export const isFitPosition = ({ standing }: Case, position: Uint8Array): boolean =>
  position.length > 0 && ofPosition(position) < standing.rank

export function parentFits({ reader }: Case, parent: string | null): boolean {
  return parent === null || (isChannel(reader, parent) && kindOf(reader, parent) === 'category')
}

/** Sets of one overwrite: channel bits, none twice. */
export function bitsFit(...sets: readonly (readonly number[])[]): boolean {
  const all = sets.flat()
  return new Set(all).size === all.length && all.every(bit => isDefined(bit) && !SERVER_ONLY.includes(bit))
}

export function targetOf(at: Case, kind: number, raw: Uint8Array): string | undefined {
  const id: string = idFromBytes(kind === 0 ? 'r' : 'u', raw)
  return (kind === 0 ? overRole(at, id) : overMember(at, id)) ? id : undefined
}

export const isPlain = ({ reader }: Case, channel: string): boolean =>
  isChannel(reader, channel) && kindOf(reader, channel) !== 'thread'
export const isThread = ({ reader }: Case, thread: string): boolean =>
  isChannel(reader, thread) && kindOf(reader, thread) === 'thread'

/** Whether the author holds a bit in a channel. */
export function holds(reader: Reader, standing: Standing, bit: number, channel: string): boolean {
  return (
    standing.generation !== undefined || prove(reader, standing, [{ bit, channel }], [], true) !== undefined
  )
}

/** Rules by kind. */
export type Rules = {
  readonly [N in Exclude<Name, 'genesis'>]: (at: Case, body: BodyOf<N>) => Plan | undefined
}
