/**
 * Reads an export and believes nothing (SX): each operation passes the same judgement as one from a peer, and
 * what the seal says must be what comes out. Memory is that of the server's log; content passes through.
 */
import {
  accept,
  compareIds,
  type DeviceId,
  idFromBytes,
  idToBytes,
  type MessageId,
  type OperationId,
  refuse,
  type Refusal,
  type ServerId,
  UINT_MAX,
  type UserId,
  type Verdict
} from '../base/index.ts'
import { authorityDeps, type AuthorityLog, checkGenesis, createAuthorityLog } from '../authority/index.ts'
import type { Suite } from '../crypto/index.ts'
import { readKeyRecord } from '../e2ee/index.ts'
import { compareBytes, equalBytes } from '../encoding/index.ts'
import {
  decodeOperation,
  decodeStub,
  EnvelopeType,
  type Operation,
  readEnvelope,
  verifyEnvelope
} from '../graph/index.ts'
import { type Profile, readProfile } from '../identity/index.ts'
import {
  type Block,
  BlockReader,
  BlockType,
  FLAG_CONTENT,
  FLAG_PAST,
  headerCodec,
  sealTuple
} from './blocks.ts'
import type { ContentCounts, ExportedItem, ExportedState, ExportSeal } from './contract.ts'
import { compareForExport, isOpenProfile, isRecordOf } from './write.ts'

/** One file being read: first the state, then, where there is any, the content. */
export interface ExportReader {
  /** Verifies the first part. `server`: refuses the export of any other. */
  readState(options?: { readonly server?: ServerId | undefined }): Promise<Verdict<ExportedState>>
  /** Verifies what follows; each thing is handed on once it is checked. Also tells that nothing stands behind. */
  readContent(
    state: ExportedState,
    take?: (item: ExportedItem) => Promise<void> | void
  ): Promise<Verdict<ContentCounts>>
  close(): Promise<void>
}

/** Opens a file for reading. */
export function openExport(suite: Suite, source: AsyncIterable<Uint8Array>): ExportReader {
  const blocks = new BlockReader(suite, source)
  return {
    readState: async (options = {}) => await new StateReader(suite, blocks).read(options.server),
    readContent: async (state, take = () => undefined) =>
      await new ContentReader(suite, blocks, state).read(take),
    close: async () => await blocks.close()
  }
}

class StateReader {
  readonly #suite: Suite
  readonly #blocks: BlockReader
  #log: AuthorityLog | undefined
  #last: Operation | undefined
  readonly #heads: OperationId[] = []
  readonly #profiles: Profile[] = []
  #phase: number = BlockType.header

  constructor(suite: Suite, blocks: BlockReader) {
    this.#suite = suite
    this.#blocks = blocks
  }

  async read(wanted: ServerId | undefined): Promise<Verdict<ExportedState>> {
    const mark = await this.#blocks.open()
    if (mark !== undefined) return mark
    const header = await this.#header()
    if (!header.ok) return header
    const { server, flags } = header.value
    if (wanted !== undefined && wanted !== server)
      return refuse('SX3', 'this is the export of another server')
    for (;;) {
      const block = await this.#blocks.next()
      if (!block.ok) return block
      const { type, body } = block.value
      if (type < this.#phase || type > BlockType.seal || type === BlockType.header)
        return refuse('SX2', `block ${type} is out of place`)
      this.#phase = type
      if (type === BlockType.seal) return this.#seal(body, server, flags)
      const fault = this.#take(block.value, server)
      if (fault !== undefined) return fault
    }
  }

  async #header(): ReturnType<typeof readHeaderOf> {
    return await readHeaderOf(this.#blocks)
  }

  #take({ type, body }: Block, server: ServerId): Refusal | undefined {
    if (type === BlockType.operation) return this.#operation(body, server)
    if (this.#log === undefined) return refuse('SX4', 'the genesis is missing')
    return type === BlockType.head ? this.#head(body) : this.#profile(body, this.#log)
  }

  #operation(bytes: Uint8Array, server: ServerId): Refusal | undefined {
    const read = decodeOperation(this.#suite, bytes)
    if (!read.ok) return read
    const operation = read.value
    if (operation.server !== server) return refuse('SX4', "another server's operation")
    if (this.#log === undefined) {
      const genesis = checkGenesis(authorityDeps(this.#suite), operation)
      if (!genesis.ok) return genesis
      this.#log = createAuthorityLog(authorityDeps(this.#suite), operation, { trusted: true })
      this.#last = operation
      return undefined
    }
    if (this.#last !== undefined && compareForExport(this.#last, operation) >= 0)
      return refuse('SX4', 'the operations are not in order, or one stands twice')
    this.#last = operation
    // No clock: what a member accepted was due (AU6).
    const added = this.#log.add(operation, UINT_MAX)
    switch (added.kind) {
      case 'accepted':
        return undefined
      case 'rejected':
        return added.refusal
      case 'newer':
        return refuse('AU7', 'the server has moved to a newer protocol: newer client needed')
      default:
        return refuse('SX4', 'cites an operation that does not stand before it')
    }
  }

  #head(body: Uint8Array): Refusal | undefined {
    if (body.length !== 32) return refuse('SX5', 'a head is an id')
    const head = idFromBytes('o', body)
    const last = this.#heads.at(-1)
    if (last !== undefined && compareIds(last, head) >= 0) return refuse('SX5', 'the heads are not in order')
    this.#heads.push(head)
    return undefined
  }

  #profile(body: Uint8Array, log: AuthorityLog): Refusal | undefined {
    const read = readProfile(this.#suite, body)
    if (!read.ok) return read
    const profile = read.value
    const last = this.#profiles.at(-1)
    if (last !== undefined && compareIds(last.user, profile.user) >= 0)
      return refuse('SX6', 'the profiles are not in order')
    if (!isOpenProfile(profile)) return refuse('SX6', 'a profile that holds a key has no place in an export')
    if (log.state().device(profile.device)?.user !== profile.user)
      return refuse('SX6', "a profile that is not signed by a device of its user's")
    this.#profiles.push(profile)
    return undefined
  }

  #seal(body: Uint8Array, server: ServerId, flags: number): Verdict<ExportedState> {
    const log = this.#log
    if (log === undefined) return refuse('SX4', 'the genesis is missing')
    const heads = log.heads()
    if (heads.length !== this.#heads.length || heads.some((each, at) => each !== this.#heads[at]))
      return refuse('SX5', 'the heads are not those of the operations')
    const seal = readSeal(this.#suite, body, log, this.#blocks.digest, server, 'state')
    if (!seal.ok) return seal
    return accept({
      server,
      log,
      profiles: this.#profiles,
      seal: seal.value.seal,
      exporter: seal.value.exporter,
      hasContent: flags === FLAG_CONTENT,
      past: flags === FLAG_PAST
    })
  }
}

async function readHeaderOf(
  blocks: BlockReader
): Promise<Verdict<{ readonly server: ServerId; readonly flags: number }>> {
  const block = await blocks.next()
  if (!block.ok) return block
  if (block.value.type !== BlockType.header) return refuse('SX2', 'the first block is no header')
  const header = headerCodec.decode(block.value.body)
  if (!header.ok) return header
  if (header.value.flags === (FLAG_CONTENT | FLAG_PAST))
    return refuse('SX12', 'an export of the past has no content')
  if (header.value.flags > FLAG_PAST) return refuse('SX3', 'an unknown flag: newer client needed')
  return header
}

/** SX7: what the seal says is what came out, and who signed is a member. */
function readSeal(
  suite: Suite,
  body: Uint8Array,
  log: AuthorityLog,
  digest: Uint8Array,
  server: ServerId,
  part: ExportSeal['part']
): Verdict<{ readonly seal: ExportSeal; readonly exporter: UserId }> {
  const read = sealTuple.read(suite, body)
  if (!read.ok) return read
  const seal = read.value.value
  if (seal.server !== server || seal.part !== part) return refuse('SX7', 'the seal is of another file')
  if (!equalBytes(seal.digest, digest)) return refuse('SX7', 'the file is not what was sealed')
  const state = log.state()
  if (seal.operations !== log.count()) return refuse('SX7', 'the number of operations is another')
  if (!equalBytes(seal.stateHash, state.hash())) return refuse('SX7', 'the state hash is another')
  const device = state.device(seal.device)
  if (device?.on !== true || state.member(device.user)?.status !== 'in')
    return refuse('SX7', 'whoever sealed it is no member of this server')
  if (!sealTuple.verify(suite, idToBytes(seal.device), read.value))
    return refuse('SX7', "the seal's signature does not verify")
  return accept({ seal, exporter: device.user })
}

class ContentReader {
  readonly #suite: Suite
  readonly #blocks: BlockReader
  readonly #state: ExportedState
  /** AU52: devices that operations name. */
  readonly #devices: ReadonlySet<DeviceId>
  #phase: number = BlockType.record
  #record: Uint8Array | undefined
  #author: DeviceId | undefined
  #place: { readonly seq: number; readonly id: MessageId } | undefined
  readonly #counts = { records: 0, envelopes: 0, stubs: 0 }

  constructor(suite: Suite, blocks: BlockReader, state: ExportedState) {
    this.#suite = suite
    this.#blocks = blocks
    this.#state = state
    this.#devices = state.hasContent ? signers(state.log) : new Set()
  }

  async read(take: (item: ExportedItem) => Promise<void> | void): Promise<Verdict<ContentCounts>> {
    while (this.#state.hasContent) {
      const block = await this.#blocks.next()
      if (!block.ok) return block
      const { type, body } = block.value
      if (type < this.#phase) return refuse('SX2', `block ${type} is out of place`)
      if (type === BlockType.end) {
        const { log, server } = this.#state
        const seal = readSeal(this.#suite, body, log, this.#blocks.digest, server, 'content')
        if (!seal.ok) return seal
        break
      }
      // Authors, envelopes and stubs alternate; records come before all of them.
      this.#phase = type === BlockType.record ? type : BlockType.author
      const item = this.#item(block.value)
      if (!item.ok) return item
      if (item.value !== undefined) await take(item.value)
    }
    if (!(await this.#blocks.atEnd())) return refuse('SX2', 'bytes stand behind the seal')
    return accept(this.#counts)
  }

  #item({ type, body }: Block): Verdict<ExportedItem | undefined> {
    if (type === BlockType.record) return this.#keyRecord(body)
    if (type === BlockType.author) return this.#chain(body)
    return this.#envelope(type === BlockType.stub, body)
  }

  #keyRecord(bytes: Uint8Array): Verdict<ExportedItem> {
    const read = readKeyRecord(this.#suite, bytes)
    if (!read.ok) return read
    const record = read.value
    if (this.#record !== undefined && compareBytes(this.#record, bytes) >= 0)
      return refuse('SX8', 'the key records are not in order')
    this.#record = bytes
    if (!isRecordOf(this.#suite, record, this.#state.server, this.#devices))
      return refuse('SX8', 'a key record that nobody of this server signed')
    this.#counts.records++
    return accept({ kind: 'record', bytes })
  }

  #chain(body: Uint8Array): Verdict<undefined> {
    if (body.length !== 32) return refuse('SX9', 'an author is a device key')
    const device = idFromBytes('d', body)
    if (this.#author !== undefined && compareIds(this.#author, device) >= 0)
      return refuse('SX9', 'the authors are not in order')
    if (!this.#devices.has(device)) return refuse('AU52', 'an author that no operation names')
    this.#author = device
    this.#place = undefined
    return accept(undefined)
  }

  #envelope(stub: boolean, bytes: Uint8Array): Verdict<ExportedItem> {
    const device = this.#author
    if (device === undefined) return refuse('SX9', 'an envelope without its author')
    const read = stub ? decodeStub(this.#suite, bytes) : readEnvelope(this.#suite, bytes)
    if (!read.ok) return read
    const { seq, id, type } = read.value
    if (type === EnvelopeType.ephemeral) return refuse('EN9', 'ephemeral envelopes are never stored')
    const last = this.#place
    if (last !== undefined && (last.seq - seq || compareIds(last.id, id)) >= 0)
      return refuse('SX9', 'the envelopes are not in order')
    const signed = verifyEnvelope(this.#suite, read.value, device)
    if (!signed.ok) return signed
    this.#place = { seq, id }
    this.#counts[stub ? 'stubs' : 'envelopes']++
    return accept({ kind: stub ? 'stub' : 'envelope', device, seq, bytes })
  }
}

function signers(log: AuthorityLog): ReadonlySet<DeviceId> {
  const devices = new Set<DeviceId>()
  for (const each of log.operations()) devices.add(each.device)
  return devices
}
