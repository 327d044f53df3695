/** Files that messages carry: sealed and kept when sent, fetched from members and opened when read (AT). */
import {
  type BlobId,
  type DeviceId,
  type MessageId,
  type Random,
  type Refusal,
  type ServerId,
  type Timers,
  type UserId,
  XcordError
} from '../../base/index.ts'
import {
  ATTACHMENT_BYTES_MAX,
  checkFile,
  checkPlace,
  chunkCount,
  createFileKey,
  describeFile,
  leafOf,
  openChunk,
  type PictureType,
  removeMetadata,
  type SealedAvatar,
  sealChunk
} from '../../attachment/index.ts'
import type { Suite } from '../../crypto/index.ts'
import type { Connection, Transport } from '../../net/index.ts'
import type { Database } from '../../store/index.ts'
import type { Attachment } from '../../timeline/index.ts'
import type { MeteredLine } from '../exchange/metered-line.ts'
import { askForChunks, CHUNKS_ASKED_MAX, serveBlobs } from './blob-service.ts'
import { BlobStore } from './blob-store.ts'
import type { OutgoingFile } from '../contract.ts'
import type { Turn } from '../replica/turn.ts'

/** What a file is where neither its sender nor its bytes say. */
const UNKNOWN_TYPE = 'application/octet-stream'

export interface BlobsInit {
  readonly suite: Suite
  readonly random: Random
  readonly timers: Timers
  readonly transport: Transport
  readonly database: Database
  now(): number
  /** SY19: what attachments cost. */
  readonly line: Pick<MeteredLine, 'isSpent' | 'spend'>
  isMember(server: ServerId, device: DeviceId): boolean
  /** AT9: where a blob lies that a member of that server wears. */
  shelfOf(server: ServerId, blob: BlobId): ServerId | undefined
  fault(error: unknown): void
}

/** A file of ours, sealed and on disk, whose message is still to be written. */
export interface KeptFile {
  readonly attachment: Attachment
  readonly leaves: readonly Uint8Array[]
}

/** Where a file stands. */
export interface FilePlace {
  /** Whose members are asked. */
  readonly server: ServerId
  readonly message: MessageId | UserId
  /** Asked first: its author's. */
  readonly device: DeviceId | undefined
  /** Of an avatar (AT9): where it is kept, once for all servers. */
  readonly shelf?: ServerId
  /** Of our own account: kept whatever else there is. */
  readonly own?: boolean
}

/** What leaves of a file: a picture without its metadata (AT4), anything else as it is. */
function prepare(file: OutgoingFile): { readonly bytes: Uint8Array; readonly type: string } {
  const stripped = removeMetadata(file.bytes)
  const type = file.type ?? (stripped.kind === 'image' ? stripped.type : UNKNOWN_TYPE)
  if (file.keepMetadata === true || stripped.kind === 'unknown') return { bytes: file.bytes, type }
  if (stripped.kind === 'image') return { bytes: stripped.bytes, type }
  throw new XcordError(
    'XCORD_ATTACHMENT_INVALID',
    `"${file.name}" is a damaged image: what it says of place and time could not be removed, so it was not sent.`,
    { name: file.name, rule: 'AT4' }
  )
}

function requireSize({ name, bytes: { length } }: OutgoingFile): void {
  if (length <= ATTACHMENT_BYTES_MAX) return
  throw new XcordError(
    'XCORD_LIMIT',
    `"${name}" has ${length.toLocaleString('en')} bytes; a file has at most ${ATTACHMENT_BYTES_MAX.toLocaleString('en')}.`,
    { what: 'bytes of a file', limit: ATTACHMENT_BYTES_MAX, actual: length }
  )
}

function invalid(name: string, { rule, reason }: Refusal): XcordError<'XCORD_ATTACHMENT_INVALID'> {
  return new XcordError('XCORD_ATTACHMENT_INVALID', `"${name}" cannot be opened: ${reason} (${rule}).`, {
    name,
    rule
  })
}

export class Blobs {
  readonly #init: BlobsInit
  readonly #store: BlobStore

  constructor(init: BlobsInit) {
    this.#init = init
    this.#store = new BlobStore(init.suite, init.database)
    serveBlobs({
      transport: init.transport,
      store: this.#store,
      line: init.line,
      now: () => init.now(),
      isMember: (server, device) => init.isMember(server, device),
      shelfOf: (server, blob) => init.shelfOf(server, blob)
    })
  }

  /** What is kept of avatars, beside messages' files (AT9). */
  get store(): BlobStore {
    return this.#store
  }

  /** At the start of a profile. `isDeleted`: of a message that was. */
  async tidy(isDeleted: (message: MessageId) => Promise<boolean>): Promise<void> {
    await this.#store.tidy(isDeleted)
  }

  /** Seals files and puts them on disk; `attach` or `forget` decides about them. XCORD_LIMIT, XCORD_ATTACHMENT_INVALID. */
  async keep(server: ServerId, files: readonly OutgoingFile[]): Promise<readonly KeptFile[]> {
    files.forEach(requireSize)
    const prepared = files.map(file => ({ name: file.name, ...prepare(file) }))
    const kept: KeptFile[] = []
    try {
      for (const file of prepared) kept.push(await this.#keepOne(server, file, null))
    } catch (error) {
      this.forget(server, kept)
      throw error
    }
    return kept
  }

  async #keepOne(
    server: ServerId,
    { name, type, bytes }: { readonly name: string; readonly type: string; readonly bytes: Uint8Array },
    carrier: UserId | null
  ): Promise<KeptFile> {
    const { suite, random } = this.#init
    const key = createFileKey(random, bytes.length)
    // Each is sealed exactly once: should the caller change its bytes meanwhile, no nonce seals two texts.
    const chunks: Uint8Array[] = []
    for (let index = 0; index < chunkCount(bytes.length); index++) {
      chunks.push(sealChunk(suite, key, bytes, index))
      await this.#breathe()
    }
    const leaves = chunks.map(chunk => leafOf(suite, chunk))
    const file = describeFile(suite, key, leaves)
    await this.#store.begin(server, file, { own: true, message: carrier, at: this.#init.now() })
    for (const [index, chunk] of chunks.entries())
      await this.#store.keepChunk(server, file.blob, index, chunk)
    return { attachment: { ...file, name, type }, leaves }
  }

  /** Seals our own picture (AT9) and keeps it until another is worn. */
  async keepAvatar(
    shelf: ServerId,
    user: UserId,
    { bytes, type }: { readonly bytes: Uint8Array; readonly type: PictureType }
  ): Promise<SealedAvatar> {
    const { attachment } = await this.#keepOne(shelf, { name: '', type, bytes }, user)
    await this.#store.wasRead(shelf, attachment, this.#init.now())
    const { blob, size, noncePrefix, key, keyCommit } = attachment
    return { blob, size, type, noncePrefix, key, keyCommit }
  }

  /** Lets others have a turn between two chunks. */
  async #breathe(): Promise<void> {
    await new Promise<void>(resolve => this.#init.timers.after(0, resolve))
  }

  /** Their message is written, in this turn. */
  attach(turn: Turn, server: ServerId, message: MessageId, files: readonly KeptFile[]): void {
    for (const { attachment, leaves } of files) this.#store.attach(turn, server, attachment, message, leaves)
  }

  /** Their message will not be written. */
  forget(server: ServerId, files: readonly KeptFile[]): void {
    for (const { attachment } of files)
      this.#store.drop(server, attachment.blob).catch((error: unknown) => this.#init.fault(error))
  }

  /** A turn was committed: what it deleted takes its files along. */
  turnDone(server: ServerId, { events }: Turn): void {
    for (const { type, refs } of events) {
      const message = type === 'message:delete' ? refs[1] : undefined
      if (message !== undefined)
        this.#store
          .dropMessage(server, message as MessageId)
          .catch((error: unknown) => this.#init.fault(error))
    }
  }

  /**
   * The bytes of a file, piece by piece, each checked and opened before it is given. What is not held is fetched from
   * members who are connected, and kept. XCORD_ATTACHMENT_INVALID, XCORD_ATTACHMENT_UNAVAILABLE, XCORD_ABORTED.
   */
  async *read(
    place: FilePlace,
    attachment: Attachment,
    signal?: AbortSignal
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const { suite } = this.#init
    const { server, shelf = server, own = false } = place
    const checked = checkFile(suite, attachment)
    if (!checked.ok) throw invalid(attachment.name, checked)
    await this.#store.begin(shelf, attachment, {
      own,
      message: place.message,
      at: this.#init.now()
    })
    const givesNothing = new Set<DeviceId>()
    for (let index = 0; index < chunkCount(attachment.size); index++) {
      let chunk = await this.#store.chunk(shelf, attachment.blob, index)
      if (chunk === undefined) {
        await this.#fetch(place, attachment, index, givesNothing, signal)
        chunk = await this.#store.chunk(shelf, attachment.blob, index)
      }
      if (chunk === undefined) throw unavailable(attachment, signal)
      const opened = openChunk(suite, attachment, index, chunk)
      if (!opened.ok) throw invalid(attachment.name, opened)
      if (opened.value.length > 0) yield opened.value
    }
    await this.#store.wasRead(shelf, attachment, this.#init.now())
  }

  /** Asks members, one after another, until one gives the chunk. */
  async #fetch(
    place: FilePlace,
    file: Attachment,
    from: number,
    givesNothing: Set<DeviceId>,
    signal: AbortSignal | undefined
  ): Promise<void> {
    for (const connection of this.#members(place)) {
      if (signal?.aborted === true) return
      if (givesNothing.has(connection.device)) continue
      const got = await this.#fetchFrom(connection, place, file, from, signal)
      if (got > 0) return
      givesNothing.add(connection.device)
    }
  }

  /** Connected members, the author's device first. */
  #members({ server, device }: FilePlace): readonly Connection[] {
    return this.#init.transport
      .connections()
      .filter(each => this.#init.isMember(server, each.device))
      .sort((a, b) => Number(b.device === device) - Number(a.device === device))
  }

  /** How many chunks a member gave, from the first, that are what they should be. */
  async #fetchFrom(
    connection: Connection,
    { server, shelf = server }: FilePlace,
    file: Attachment,
    from: number,
    signal: AbortSignal | undefined
  ): Promise<number> {
    const { suite, timers, line } = this.#init
    const count = Math.min(CHUNKS_ASKED_MAX, chunkCount(file.size) - from)
    let got = 0
    try {
      const question = { server, blob: file.blob, from, count }
      for await (const { chunk, proof } of askForChunks(connection, question, timers, signal)) {
        line.spend(chunk.length)
        // AT2: nothing else is kept, whoever gave it; there are other members.
        if (!checkPlace(suite, file, from + got, chunk, proof).ok) return got
        await this.#store.keepChunk(shelf, file.blob, from + got, chunk)
        got++
      }
    } catch (error) {
      // A connection that ends is no fault of the file; what came until then is kept. A full disk is ours to tell.
      if (error instanceof XcordError && error.code === 'XCORD_DISK_FULL') throw error
    }
    return got
  }
}

function unavailable(file: Attachment, signal: AbortSignal | undefined): XcordError {
  if (signal?.aborted === true)
    return new XcordError('XCORD_ABORTED', `Fetching "${file.name}" was stopped; what came is kept.`, {})
  return new XcordError(
    'XCORD_ATTACHMENT_UNAVAILABLE',
    `Nobody who is connected has "${file.name}". Try again when its author is online, or somebody who opened it.`,
    { name: file.name }
  )
}
