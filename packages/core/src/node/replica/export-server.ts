/** A server held here as a file (SX): read from the log and the store while it is written. */
import { type DeviceId, XcordError } from '../../base/index.ts'
import {
  type ContentSource,
  type ExportPoint,
  type ExportSigner,
  operationsAt,
  replay,
  writeExport
} from '../../archive/index.ts'
import { assertWritable } from './assert-writable.ts'
import type { ReplicaState } from './replica-state.ts'
import { openProfilesOf } from '../people/plain-profile.ts'
import { envelopeTable } from './tables.ts'

/** What an export holds. */
export interface ExportServerOptions {
  /** Key records and envelopes too, sealed as they are. Not of the past. */
  readonly content: boolean
  /** SX12: the server as it stood there; by default all that is held. */
  readonly point?: ExportPoint
}

/**
 * Writes the export of one moment.
 *
 * @param pause - Lets others have a turn, while a past server is replayed.
 * @throws XCORD_NOT_A_MEMBER: nobody believes an export that no member sealed (SX7). XCORD_USAGE for a point that is none.
 */
export async function* exportServer(
  state: ReplicaState,
  options: ExportServerOptions,
  pause: () => Promise<void>
): AsyncGenerator<Uint8Array, void, undefined> {
  assertWritable(state)
  const { account, clock } = state.deps
  const signer = { device: state.self, key: account.device.signingKey, at: clock.now() }
  const profiles = await openProfilesOf(state)
  if (options.point === undefined) yield* exportPresent(state, profiles, signer, options.content)
  else yield* exportPast(state, profiles, signer, options.point, pause)
}

async function* exportPast(
  state: ReplicaState,
  profiles: readonly Uint8Array[],
  signer: ExportSigner,
  point: ExportPoint,
  pause: () => Promise<void>
): AsyncGenerator<Uint8Array, void, undefined> {
  const { suite } = state.deps
  const operations = operationsAt(state.log.operations(), point)
  if (operations === undefined)
    throw new XcordError(
      'XCORD_USAGE',
      point.kind === 'at'
        ? 'The server was founded later.'
        : `"${point.operation}" is no operation of this server, or nothing was before it.`,
      { argument: point.kind === 'before' ? 'before' : 'until' }
    )
  const log = await replay(suite, operations, pause)
  const authority = log.state()
  const own = authority.device(signer.device)
  if (own?.on !== true || authority.member(own.user)?.status !== 'in')
    throw new XcordError(
      'XCORD_NOT_A_MEMBER',
      'This device was no part of the server then, so nobody would believe what it seals. Ask somebody who was there.',
      { server: state.server }
    )
  yield* writeExport(
    suite,
    {
      server: state.server,
      operations,
      heads: log.heads(),
      stateHash: authority.hash(),
      profiles,
      userOf: device => authority.device(device)?.user,
      past: true
    },
    signer
  )
}

async function* exportPresent(
  state: ReplicaState,
  profiles: readonly Uint8Array[],
  signer: ExportSigner,
  content: boolean
): AsyncGenerator<Uint8Array, void, undefined> {
  // From here to the first piece nothing waits: operations, heads and hash are of one moment.
  const authority = state.log.state()
  yield* writeExport(
    state.deps.suite,
    {
      server: state.server,
      operations: [...state.log.operations()],
      heads: state.log.heads(),
      stateHash: authority.hash(),
      profiles,
      userOf: device => authority.device(device)?.user,
      ...(content ? { content: contentOf(state) } : {})
    },
    signer
  )
}

function contentOf(state: ReplicaState): ContentSource {
  return {
    records: state.ring.records().map(each => each.bytes),
    chain: device => chainOf(state, device)
  }
}

async function* chainOf(
  state: ReplicaState,
  device: DeviceId
): AsyncGenerator<{ readonly stub: boolean; readonly bytes: Uint8Array }, void, undefined> {
  const table = state.deps.database.table(envelopeTable)
  for await (const { value } of table.scan({ prefix: [state.server, device] }))
    yield { stub: value.stub, bytes: value.bytes }
}
