/** A server held here as a file (SX): read from the log and the store while it is written. */
import type { DeviceId } from '../../base/index.ts'
import { type ContentSource, writeExport } from '../../archive/index.ts'
import { assertWritable } from './assert-writable.ts'
import type { ReplicaState } from './replica-state.ts'
import { envelopeTable, profileTable } from './tables.ts'

/**
 * Writes the export of one moment.
 *
 * @throws XCORD_NOT_A_MEMBER: nobody believes an export that no member sealed (SX7).
 */
export async function* exportServer(
  state: ReplicaState,
  options: { readonly content: boolean }
): AsyncGenerator<Uint8Array, void, undefined> {
  assertWritable(state)
  const { suite, account, clock, database } = state.deps
  const profiles: Uint8Array[] = []
  for await (const { value } of database.table(profileTable).scan({ prefix: [state.server] }))
    profiles.push(value.bytes)
  // From here to the first piece nothing waits: operations, heads and hash are of one moment.
  const authority = state.log.state()
  yield* writeExport(
    suite,
    {
      server: state.server,
      operations: [...state.log.operations()],
      heads: state.log.heads(),
      stateHash: authority.hash(),
      profiles,
      userOf: device => authority.device(device)?.user,
      ...(options.content ? { content: contentOf(state) } : {})
    },
    { device: state.self, key: account.device.signingKey, at: clock.now() }
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
