/**
 * How a snapshot writes the names of cells (AU41.2): a number for the family, then its parts. One text key in memory
 * is one such name, and the other way round.
 */
import { idFromBytes, idToBytes, type UserId } from '../base/index.ts'

/** What a part of a name is: an id by its letter, a number, or text. */
export type PartKind = 'u' | 'd' | 'o' | 'r' | 'i' | 'c' | 'number' | 'text'

interface Family {
  /** The key's parts; those of one letter or kind take the next part. */
  readonly key: readonly string[]
  readonly parts: readonly PartKind[]
}

const family = (key: string, ...parts: PartKind[]): Family => ({ key: key.split('|'), parts })

/** By number. `*` in a key stands for the next part. */
export const FAMILIES: readonly Family[] = [
  family('owner'),
  family('proto'),
  family('member|*', 'u'),
  family('dev|*', 'd'),
  family('id|*', 'u'),
  family('nick|*', 'u'),
  family('moved|*', 'u'),
  family('voice|*|*', 'u', 'text'),
  family('timeout|*', 'u'),
  family('invite|*', 'i'),
  family('invite|*|terms', 'i'),
  family('role|*|*', 'r', 'text'),
  family('role|*|bit|*', 'r', 'number'),
  family('asg|*|*', 'o', 'r'),
  family('ch|*|*', 'c', 'text'),
  family('ow|*|*|*', 'c', 'r', 'number'),
  family('ow|*|*|*', 'c', 'u', 'number'),
  family('tm|*|*', 'c', 'u'),
  family('srv|*', 'number'),
  family('policy|*', 'number'),
  family('automod|*', 'o'),
  family('obj|*', 'o'),
  family('cut|*|*', 'o', 'd')
]

export const MEMBER_FAMILY = 2
export const DEVICE_FAMILY = 3
export const ASSIGNMENT_FAMILY = 13
export const TERMS_FAMILY = 10
export const OBJECT_FAMILY = 21

/** A part as it travels: 32 bytes, a number or text. */
export type Part = Uint8Array | number | string

/** A key, taken apart. */
export interface SplitKey {
  readonly family: number
  readonly parts: readonly Part[]
}

/** Takes a key apart; undefined where no cell could have it, as where somebody unknown is asked for. */
export function splitKey(key: string): SplitKey | undefined {
  const given = key.split('|')
  const number = FAMILIES.findIndex(each => fits(each, given))
  const found = FAMILIES[number]
  if (found === undefined) return undefined
  const stars = given.filter((_, at) => found.key[at] === '*')
  return {
    family: number,
    parts: stars.map((text, at) => {
      const kind = found.parts[at]
      if (kind === 'number') return Number(text)
      return kind === 'text' ? text : idToBytes(text as UserId)
    })
  }
}

const ID_LENGTH = 53

function fits({ key, parts }: Family, given: readonly string[]): boolean {
  if (key.length !== given.length) return false
  let at = 0
  return key.every((name, index) => {
    if (name !== '*') return name === given[index]
    const kind = parts[at++]
    const text = given[index] as string
    return kind === 'number' || kind === 'text' || (text[0] === kind && text.length === ID_LENGTH)
  })
}

/** Puts a key together. */
export function joinKey(number: number, parts: readonly Part[]): string {
  const { key, parts: kinds } = FAMILIES[number] as Family
  let at = 0
  return key
    .map(name => {
      if (name !== '*') return name
      const kind = kinds[at] as PartKind
      const part = parts[at++] as Part
      return part instanceof Uint8Array ? idFromBytes(kind as 'u', part) : String(part)
    })
    .join('|')
}
