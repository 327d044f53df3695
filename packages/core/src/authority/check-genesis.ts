/** The one operation without a past. */
import { refuse, type Verdict } from '../base/index.ts'
import type { Operation } from '../graph/index.ts'
import type { AuthorityDeps } from './deps.ts'
import { decodeBody } from './kinds/table.ts'
import type { Known } from './reader.ts'
import { validateGenesis } from './validate.ts'

/** Judges a genesis, which everything else of a server rests on (AU14). */
export function checkGenesis(
  deps: AuthorityDeps,
  genesis: Operation,
  options: { readonly trusted?: boolean } = {}
): Verdict<Known> {
  if (genesis.id.slice(1) !== genesis.server.slice(1))
    return refuse('AU2', "a server's id is its genesis' id")
  const kind = decodeBody(genesis.kind, genesis.body)
  return kind.ok ? validateGenesis(deps, genesis, kind.value, options) : kind
}
