/** Operations that no honest device signs, by the keys of one that may sign: what others must see through. */
import { type AuthorityLog, draftRoleCreate, type OperationDraft } from '../../authority/index.ts'
import { type Operation, type OperationFields, signOperation } from '../../graph/index.ts'
import type { OperationId } from '../../base/index.ts'
import type { Suite } from '../../crypto/index.ts'
import type { SimulatedPeer } from './peer.ts'

/**
 * `equivocate`: two operations for one place, each for half of the others. `pad-parents`: a parent's own past among
 * the parents. `omit-parents`: nothing of what was done since the beginning. `back-date-operation`: two days before
 * what it cites.
 */
export const FORGERIES = ['equivocate', 'pad-parents', 'omit-parents', 'back-date-operation'] as const
export type Forgery = (typeof FORGERIES)[number]

const DAYS_MS = 2 * 86_400_000

export interface ForgeInit {
  readonly suite: Suite
  readonly log: AuthorityLog
  readonly peer: SimulatedPeer
  readonly at: number
  /** Told apart by it. */
  readonly index: number
}

/** Signs it: one operation, or the two branches of a fork. */
export function forge(kind: Forgery, { suite, log, peer, at, index }: ForgeInit): readonly Operation[] {
  const { device, signingKey } = peer.account.device
  const draft = (name: string): OperationDraft => draftRoleCreate({ name, position: Uint8Array.of(0x80) })
  const fields = log.place(device, draft(`forged ${index}`), at)
  const sign = (changed: Partial<OperationFields>): Operation =>
    signOperation(suite, signingKey, { ...fields, ...changed })
  const genesis = [...log.operations()][0]?.id as OperationId
  switch (kind) {
    case 'equivocate':
      return [sign({}), sign({ body: draft(`forked ${index}`).body })]
    case 'pad-parents':
      return [sign({ parents: [...new Set([...fields.parents, genesis])].sort() })]
    case 'omit-parents': {
      const cited = fields.prev === null ? undefined : log.get(fields.prev)
      return [sign({ parents: [genesis], refs: [], lamport: (cited?.lamport ?? 0) + 1 })]
    }
    case 'back-date-operation':
      return [sign({ at: at - DAYS_MS })]
  }
}
