/**
 * Equivocation (AU39, EN8): a device that signed two things for one place of its chain. The two branches are the proof:
 * both are kept and go wherever everything goes, so that whoever holds both sees it for themselves and believes nobody.
 * Nobody is banned for it: a backup that was restored forks too. The device is to be made anew.
 */
import type { DeviceId, MessageId, UserId } from '../../base/index.ts'
import type { EventRecord } from '../event-log.ts'
import type { ReplicaState } from '../replica/replica-state.ts'

/** Which chain of a device forked. */
export type ForkedChain = 'operations' | 'messages'

/** A device with two branches. */
export interface EquivocationReport {
  readonly device: DeviceId
  readonly user: UserId | null
  /** Our own: somebody else signs by its key, or this profile is a copy of another. */
  readonly own: boolean
  /** Whether it is on: once revoked there is nothing left to do. */
  readonly on: boolean
  readonly chains: readonly ForkedChain[]
}

/** Whether more envelopes are held than the chain has places (EN8). */
function hasForkedMessages(state: ReplicaState, device: DeviceId): boolean {
  const chain = state.chains.get(device)
  if (chain === undefined) return false
  return chain.count > chain.ranges.reduce((places, [from, to]) => places + to - from + 1, 0)
}

/** Every device that the operations and envelopes held here prove to have forked. */
export function equivocations(state: ReplicaState): readonly EquivocationReport[] {
  const operations = new Set(state.log.forks().map(each => each.device))
  const devices = new Set([...operations, ...state.devices])
  const out: EquivocationReport[] = []
  for (const device of [...devices].sort()) {
    const chains: ForkedChain[] = [
      ...(operations.has(device) ? (['operations'] as const) : []),
      ...(hasForkedMessages(state, device) ? (['messages'] as const) : [])
    ]
    if (chains.length === 0) continue
    const known = state.log.state().device(device)
    out.push({
      device,
      user: known?.user ?? null,
      own: device === state.self,
      on: known?.on === true,
      chains
    })
  }
  return out
}

/** The alarm: one for each chain of a device, at its first fork. */
export function forkEvent(
  state: ReplicaState,
  device: DeviceId,
  fork: { readonly chain: ForkedChain; readonly seq: number; readonly branches: readonly string[] }
): EventRecord {
  const user = state.log.state().device(device)?.user
  return {
    type: 'device:fork',
    server: state.server,
    refs: [device, user ?? '', ...fork.branches],
    note: `${fork.chain}\n${fork.seq}\n${device === state.self ? 'own' : 'other'}`
  }
}

/** The alarm of a verified envelope that is about to be placed where another stands; undefined where there is none. */
export function envelopeFork(
  state: ReplicaState,
  device: DeviceId,
  { seq, id }: { readonly seq: number; readonly id: MessageId }
): EventRecord | undefined {
  if (!state.chains.has(device, seq) || hasForkedMessages(state, device)) return undefined
  return forkEvent(state, device, { chain: 'messages', seq, branches: [id] })
}
