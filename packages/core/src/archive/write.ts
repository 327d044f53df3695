/** Writes an export (SX): one pass over what is held, in pieces, so that its size costs no memory. */
import { compareIds, type DeviceId, idToBytes, type ServerId } from '../base/index.ts'
import type { Suite } from '../crypto/index.ts'
import { type KeyRecord, readKeyRecord, verifyKeyRecord } from '../e2ee/index.ts'
import { compareBytes } from '../encoding/index.ts'
import { decodeStub, type Operation, readEnvelope, verifyEnvelope } from '../graph/index.ts'
import { type Profile, readProfile } from '../identity/index.ts'
import { BlockType, BlockWriter, FLAG_CONTENT, FLAG_PAST, headerCodec, sealTuple } from './blocks.ts'
import type { ContentSource, ExportSeal, ExportSigner, ExportSource } from './contract.ts'

/** SX4: the order that all exporters share. What an operation cites comes before it, since lam grows. */
export function compareForExport(a: Operation, b: Operation): number {
  return a.lamport - b.lamport || compareIds(a.id, b.id)
}

/**
 * Writes a server as a file. Two exports of the same operations are equal up to profiles, seals and content.
 *
 * @param source - Read while the pieces are taken; operations, heads and profiles once, at the start.
 */
export async function* writeExport(
  suite: Suite,
  source: ExportSource,
  signer: ExportSigner
): AsyncGenerator<Uint8Array, void, undefined> {
  const writer = new BlockWriter(suite)
  const operations = [...source.operations].sort(compareForExport)
  const { server, stateHash, content } = source
  const seal = (part: ExportSeal['part']): Uint8Array =>
    sealTuple.sign(suite, signer.key, {
      version: 1,
      server,
      part,
      operations: operations.length,
      stateHash,
      at: signer.at,
      device: signer.device,
      digest: writer.digest
    })
  const past = source.past === true
  if (past && content !== undefined) throw new RangeError('an export of the past has no content')
  const flags = past ? FLAG_PAST : content === undefined ? 0 : FLAG_CONTENT
  writer.add(BlockType.header, headerCodec.encode({ version: 1, server, flags }))
  for (const each of operations) {
    const piece = writer.add(BlockType.operation, each.bytes)
    if (piece !== undefined) yield piece
  }
  for (const each of [...source.heads].sort(compareIds)) writer.add(BlockType.head, idToBytes(each))
  for (const each of openProfiles(suite, source)) {
    const piece = writer.add(BlockType.profile, each)
    if (piece !== undefined) yield piece
  }
  writer.add(BlockType.seal, seal('state'))
  if (content !== undefined) {
    const devices = new Set(operations.map(each => each.device))
    yield* writeContent(suite, writer, server, devices, content)
    writer.add(BlockType.end, seal('content'))
  }
  yield writer.flush()
}

/** SX6: by user, and only those that give nobody a key. */
function openProfiles(suite: Suite, { profiles, userOf }: ExportSource): readonly Uint8Array[] {
  const read = [...profiles].flatMap(each => {
    const profile = readProfile(suite, each)
    return profile.ok && isOpenProfile(profile.value) && userOf(profile.value.device) === profile.value.user
      ? [profile.value]
      : []
  })
  return read.sort((a, b) => compareIds(a.user, b.user)).map(each => each.bytes)
}

/** SX6: it names no avatar, which would bring its key along, and no inbox. */
export function isOpenProfile(profile: Profile): boolean {
  return profile.avatar === null && profile.inboxSecret === null
}

async function* writeContent(
  suite: Suite,
  writer: BlockWriter,
  server: ServerId,
  devices: ReadonlySet<DeviceId>,
  content: ContentSource
): AsyncGenerator<Uint8Array, void, undefined> {
  for (const record of [...content.records].sort(compareBytes)) {
    const read = readKeyRecord(suite, record)
    if (!read.ok || !isRecordOf(suite, read.value, server, devices)) continue
    const piece = writer.add(BlockType.record, record)
    if (piece !== undefined) yield piece
  }
  for (const device of [...devices].sort(compareIds)) {
    let named = false
    for await (const { stub, bytes } of inOrder(suite, device, content.chain(device))) {
      if (!named) writer.add(BlockType.author, idToBytes(device))
      named = true
      const piece = writer.add(stub ? BlockType.stub : BlockType.envelope, bytes)
      if (piece !== undefined) yield piece
    }
  }
}

/** SX8. */
export function isRecordOf(
  suite: Suite,
  record: KeyRecord,
  server: ServerId,
  devices: ReadonlySet<DeviceId>
): boolean {
  return record.server === server && devices.has(record.device) && verifyKeyRecord(suite, record)
}

interface ChainItem {
  readonly stub: boolean
  readonly bytes: Uint8Array
}

/**
 * SX9: what verifies by its own signature, those of one number (a fork) by id. Inside a run the last signature
 * vouched for the others (EN5), so one that is garbled may lie here; it is left out.
 */
async function* inOrder(
  suite: Suite,
  device: DeviceId,
  chain: AsyncIterable<ChainItem>
): AsyncGenerator<ChainItem, void, undefined> {
  let same: (ChainItem & { readonly seq: number; readonly id: string })[] = []
  for await (const item of chain) {
    const read = item.stub ? decodeStub(suite, item.bytes) : readEnvelope(suite, item.bytes)
    if (!read.ok || !verifyEnvelope(suite, read.value, device).ok) continue
    const { seq, id } = read.value
    if (same[0] !== undefined && same[0].seq !== seq) {
      yield* same.sort((a, b) => compareIds(a.id, b.id))
      same = []
    }
    same.push({ ...item, seq, id })
  }
  yield* same.sort((a, b) => compareIds(a.id, b.id))
}
