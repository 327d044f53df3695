/**
 * What is held and cannot be shown yet, each with its cause (ND25): nothing is ever just "unable to decrypt". All but
 * what was never ours to read mends itself as soon as anybody entitled who has the key is met (EK14).
 */
import type { DeviceId, KeyId, MessageId, UserId } from '../../base/index.ts'
import { everyoneRole } from '../../authority/index.ts'
import { ANY_KEY } from '../intake/take-envelopes.ts'
import type { Pending, ReplicaState } from '../replica/replica-state.ts'

/** Why something cannot be opened or judged. */
export const UNOPENED_CAUSES = ['key-unknown', 'key-asked', 'before-you', 'operations', 'clock'] as const
/**
 * `key-unknown`: its key was not heard of, or its topic. `key-asked`: its key is known and no box of it opens here; members are asked.
 * `before-you`: its key is of a time that the channel's history mode keeps from us; nobody gives it. `operations`: its
 * author had seen operations that are missing here. `clock`: it claims a time far ahead.
 */
export type UnopenedCause = (typeof UNOPENED_CAUSES)[number]

/** One envelope that waits. */
export interface UnopenedReport {
  readonly id: MessageId
  readonly device: DeviceId
  readonly user: UserId | null
  readonly cause: UnopenedCause
  readonly keyId: KeyId | null
}

function causeOf({ ring }: ReplicaState, { until, keyId }: Pending): UnopenedCause {
  // Its topic is not known, and with it not which key it is sealed under.
  if (until === ANY_KEY) return 'key-unknown'
  if (until !== undefined) return 'clock'
  if (keyId === null) return 'operations'
  switch (ring.lack(keyId)) {
    case 'unknown':
      return 'key-unknown'
    case 'closed':
      return 'before-you'
    default:
      return 'key-asked'
  }
}

/** Everything that waits, by author and place. */
export function unopened(state: ReplicaState): readonly UnopenedReport[] {
  return [...state.pending.values()]
    .sort((a, b) => (a.device < b.device ? -1 : a.device > b.device ? 1 : a.seq - b.seq))
    .map(pending => ({
      id: pending.id,
      device: pending.device,
      user: state.log.state().device(pending.device)?.user ?? null,
      cause: causeOf(state, pending),
      keyId: pending.keyId
    }))
}

/**
 * Keys that we may ask for and did not yet, each once. What lies under a topic that we do not know does not say which key it
 * needs: any key of everybody's that is sealed to us may be the one that names the topic. So it is for who came in while others,
 * apart from those who let them in, drew a topic that none of these uses any more.
 */
export function keysToAsk({ pending, ring, server }: ReplicaState): readonly KeyId[] {
  const keys = new Set<KeyId>()
  let foreign = false
  for (const { keyId, until } of pending.values()) {
    if (keyId !== null) keys.add(keyId)
    if (until === ANY_KEY) foreign = true
  }
  if (foreign)
    for (const { keyId, scope, opened } of ring.keys())
      if (!opened && scope.kind === 'role' && scope.role === everyoneRole(server)) keys.add(keyId)
  return [...keys].filter(keyId => ring.lack(keyId) === 'sealed')
}
