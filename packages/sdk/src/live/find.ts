/** How people name things: full id, unique id prefix of six characters or more, or name. */

import type { UserId } from '@xcord/core'

interface Named {
  readonly id: string
  readonly name: string
}

/**
 * Finds one thing. An exact id wins, then an exact name, then the name without case, then a unique prefix of
 * the id; an ambiguous name or prefix finds nothing.
 */
export function findNamed<T extends Named>(
  all: readonly T[],
  text: string,
  sigil: '#' | '@' | ''
): T | undefined {
  const wanted = sigil !== '' && text.startsWith(sigil) ? text.slice(1) : text
  const exact = all.find(each => each.id === wanted)
  if (exact !== undefined) return exact
  const byName = only(all.filter(each => each.name === wanted))
  if (byName !== undefined) return byName
  const folded = wanted.toLowerCase()
  const byFolded = only(all.filter(each => each.name.toLowerCase() === folded))
  if (byFolded !== undefined) return byFolded
  return findById(all, wanted)
}

/** Finds by full id or unique prefix of six characters or more. */
export function findById<T extends { readonly id: string }>(all: readonly T[], text: string): T | undefined {
  return (
    all.find(each => each.id === text) ??
    (text.length >= 6 ? only(all.filter(each => each.id.startsWith(text))) : undefined)
  )
}

function only<T>(found: readonly T[]): T | undefined {
  return found.length === 1 ? found[0] : undefined
}

const USER_ID = /^u[0-9a-v]{52}$/

/**
 * Members, by name or id.
 *
 * @param all - Made anew with every operation: in a large server nobody waits for it who asks for one by the full id.
 */
export function memberCollection<T extends Named>(
  all: () => readonly T[],
  one: (user: UserId) => T | undefined
): { readonly all: readonly T[]; get(idOrName: string): T | undefined } {
  return {
    get all() {
      return all()
    },
    get: idOrName =>
      (USER_ID.test(idOrName) ? one(idOrName as UserId) : undefined) ?? findNamed(all(), idOrName, '@')
  }
}
