/** Sealed files on disk (AT7): what is held, what of it is others', and what goes when that is too much. */
import { type BlobId, type MessageId, parseId, type ServerId, type UserId } from '../../base/index.ts'
import { chunkCount, LEAF_BYTES, leafOf, proofOf, type SealedFile } from '../../attachment/index.ts'
import type { Suite } from '../../crypto/index.ts'
import { concatBytes } from '../../encoding/index.ts'
import type { Database } from '../../store/index.ts'
import { type BlobRow, blobTable, chunkTable } from './blob-tables.ts'
import type { Turn } from '../replica/turn.ts'

/** AT7: bytes of others' files kept; beyond, those read longest ago go. */
const KEPT_BYTES_MAX = 1_073_741_824

/** A chunk and its way to the address. */
export interface ProvenChunk {
  readonly chunk: Uint8Array
  readonly proof: readonly Uint8Array[]
}

/** One for a peer. `own`: of a file of ours. */
export interface ServedChunk extends ProvenChunk {
  readonly own: boolean
}

/** What a file is called among others. */
type Held = Pick<SealedFile, 'blob' | 'size'>

export class BlobStore {
  readonly #suite: Suite
  readonly #database: Database
  readonly #keptBytesMax: number

  constructor(suite: Suite, database: Database, keptBytesMax: number = KEPT_BYTES_MAX) {
    this.#suite = suite
    this.#database = database
    this.#keptBytesMax = keptBytesMax
  }

  async chunk(server: ServerId, blob: BlobId, index: number): Promise<Uint8Array | undefined> {
    return (await this.#database.table(chunkTable).get([server, blob, index]))?.bytes
  }

  /** Keeps a chunk whose place was checked, or that is ours. After a crash it is fetched, or sealed, again. */
  async keepChunk(server: ServerId, blob: BlobId, index: number, bytes: Uint8Array): Promise<void> {
    const batch = this.#database.batch()
    await batch.put(chunkTable, [server, blob, index], { version: 1, bytes }).commit({ sync: false })
  }

  /** A file is about to be held: known before its first chunk, so that no chunk lies where nobody looks. */
  async begin(
    server: ServerId,
    { blob, size }: Held,
    row: { readonly own: boolean; readonly message: MessageId | UserId | null; readonly at: number }
  ): Promise<void> {
    if ((await this.#row(server, blob)) !== undefined) return
    const { own, message, at: usedAt } = row
    await this.#write(server, blob, {
      version: 1,
      server,
      blob,
      message,
      own,
      size,
      usedAt,
      leaves: new Uint8Array()
    })
  }

  /** A file was read to its end: where every chunk is held, others are served from now on. */
  async wasRead(server: ServerId, { blob, size }: Held, at: number): Promise<void> {
    const row = await this.#row(server, blob)
    if (row === undefined) return
    const leaves = row.leaves.length > 0 ? row.leaves : await this.#leavesOf(server, { blob, size })
    await this.#write(server, blob, { ...row, usedAt: at, leaves })
    if (!row.own) await this.#makeRoom()
  }

  /** The message that carries our file is written: in its own turn. */
  attach(
    { batch, at }: Turn,
    server: ServerId,
    { blob, size }: Held,
    message: MessageId,
    leaves: readonly Uint8Array[]
  ): void {
    const row = { version: 1, server, blob, message, own: true, size, usedAt: at } as const
    batch.put(blobTable, [server, blob], { ...row, leaves: concatBytes([...leaves]) })
  }

  /** Whether every chunk is here. */
  async isWhole(server: ServerId, blob: BlobId): Promise<boolean> {
    return ((await this.#row(server, blob))?.leaves.length ?? 0) > 0
  }

  /** A chunk for a peer; undefined where the file is not held whole. */
  async proven(server: ServerId, blob: BlobId, index: number): Promise<ServedChunk | undefined> {
    const row = await this.#row(server, blob)
    const count = (row?.leaves.length ?? 0) / LEAF_BYTES
    const chunk = row === undefined || index >= count ? undefined : await this.chunk(server, blob, index)
    if (row === undefined || chunk === undefined) return undefined
    const leaves = Array.from({ length: count }, (_, at) =>
      row.leaves.subarray(at * LEAF_BYTES, (at + 1) * LEAF_BYTES)
    )
    return { chunk, proof: proofOf(this.#suite, leaves, index), own: row.own }
  }

  /** Files of a message that was deleted. */
  async dropMessage(server: ServerId, message: MessageId): Promise<void> {
    for await (const { value } of this.#database.table(blobTable).scan({ prefix: [server] }))
      if (value.message === message) await this.#drop(value)
  }

  /**
   * What a crash left: files of ours whose message never came to be, and those whose message was deleted before they
   * went with it.
   */
  async tidy(isDeleted: (message: MessageId) => Promise<boolean>): Promise<void> {
    for await (const { value } of this.#database.table(blobTable).scan()) {
      if (wearerOf(value) !== undefined) continue
      const message = value.message === null ? undefined : parseId('m', value.message)
      if (message === undefined || (await isDeleted(message))) await this.#drop(value)
    }
  }

  /** Avatars that are worn no more (AT9): of one shelf, or of all. */
  async tidyAvatars(isWorn: (user: UserId, blob: BlobId) => boolean, shelf?: ServerId): Promise<void> {
    const table = this.#database.table(blobTable)
    for await (const { value } of shelf === undefined ? table.scan() : table.scan({ prefix: [shelf] })) {
      const user = wearerOf(value)
      if (user !== undefined && !isWorn(user, value.blob as BlobId)) await this.#drop(value)
    }
  }

  async drop(server: ServerId, blob: BlobId): Promise<void> {
    const batch = this.#database.batch().delete(blobTable, [server, blob])
    for await (const row of this.#database.table(chunkTable).scan({ prefix: [server, blob] }))
      batch.deleteRow(chunkTable, row)
    await batch.commit()
  }

  async #drop(row: BlobRow): Promise<void> {
    const [server, blob] = [parseId('s', row.server), parseId('b', row.blob)]
    if (server !== undefined && blob !== undefined) await this.drop(server, blob)
  }

  async #leavesOf(server: ServerId, { blob, size }: Held): Promise<Uint8Array> {
    const leaves: Uint8Array[] = []
    for (let index = 0; index < chunkCount(size); index++) {
      const chunk = await this.chunk(server, blob, index)
      if (chunk === undefined) return new Uint8Array()
      leaves.push(leafOf(this.#suite, chunk))
    }
    return concatBytes(leaves)
  }

  /** AT7: those of others that were read longest ago go; our own stay. */
  async #makeRoom(): Promise<void> {
    const rows: BlobRow[] = []
    let bytes = 0
    for await (const { value } of this.#database.table(blobTable).scan()) {
      if (value.own) continue
      rows.push(value)
      bytes += value.size
    }
    rows.sort((a, b) => a.usedAt - b.usedAt)
    // The one that was read last stays, however large.
    for (const row of rows.slice(0, -1)) {
      if (bytes <= this.#keptBytesMax) return
      await this.#drop(row)
      bytes -= row.size
    }
  }

  async #row(server: ServerId, blob: BlobId): Promise<BlobRow | undefined> {
    return await this.#database.table(blobTable).get([server, blob])
  }

  async #write(server: ServerId, blob: BlobId, row: BlobRow): Promise<void> {
    await this.#database.batch().put(blobTable, [server, blob], row).commit()
  }
}

/** Whose avatar it is; undefined for files of messages. */
function wearerOf({ message }: BlobRow): UserId | undefined {
  return message === null ? undefined : parseId('u', message)
}
