/** The file's frame (SX1, SX2): a mark, then blocks, and the running digest over both. */
import { accept, idFromBytes, idToBytes, refuse, type Refusal, type Verdict } from '../base/index.ts'
import type { Suite } from '../crypto/index.ts'
import {
  bytes,
  codec,
  concatBytes,
  equalBytes,
  literal,
  mapped,
  tuple,
  uint,
  utf8
} from '../encoding/index.ts'
import { signedTuple } from '../graph/index.ts'
import type { ExportSeal } from './contract.ts'

const MARK = utf8('xcord-server-export')
const VERSION = 1
/** SX2: nothing that an export holds is larger. */
export const BLOCK_BYTES_MAX = 131_072
const HEAD_BYTES = 5
/** Bytes handed on at once. */
const CHUNK_BYTES = 65_536

/** SX2: what a block holds, by its number. */
export const BlockType = {
  header: 1,
  operation: 2,
  head: 3,
  profile: 4,
  seal: 5,
  record: 6,
  author: 7,
  envelope: 8,
  stub: 9,
  end: 10
} as const
export type BlockType = (typeof BlockType)[keyof typeof BlockType]

export interface Block {
  readonly type: BlockType
  readonly body: Uint8Array
}

const serverId = mapped(bytes(32), 'a server id', raw => idFromBytes('s', raw), idToBytes)
const deviceId = mapped(bytes(32), 'a device key', raw => idFromBytes('d', raw), idToBytes)

/** SX3. */
export const headerCodec = codec(tuple({ version: literal(1), server: serverId, flags: uint(255) }), {
  rule: 'SX3',
  maxBytes: 128
})
/** SX3: sealed content follows. */
export const FLAG_CONTENT = 1
/** SX12: the server as it stood once, not all that its exporter held. */
export const FLAG_PAST = 2

const PARTS = ['state', 'content'] as const
const part = mapped(
  uint(1),
  'a part',
  at => PARTS[at],
  (name: ExportSeal['part']) => PARTS.indexOf(name)
)

/** SX7. */
export const sealTuple = signedTuple(
  tuple({
    version: literal(1),
    server: serverId,
    part,
    operations: uint(),
    stateHash: bytes(32),
    at: uint(),
    device: deviceId,
    digest: bytes(32)
  }),
  { rule: 'SX7', context: 'export', maxBytes: 512 }
)

/** SX7: covers the mark and every block so far, their heads included. */
class Digest {
  readonly #suite: Suite
  value: Uint8Array

  constructor(suite: Suite) {
    this.#suite = suite
    this.value = suite.sha256(concatBytes([MARK, Uint8Array.of(VERSION)]))
  }

  add(head: Uint8Array, body: Uint8Array): void {
    this.value = this.#suite.sha256(concatBytes([this.value, head, body]))
  }
}

/** Collects blocks and hands them on in pieces of some 64 KiB. */
export class BlockWriter {
  readonly #digest: Digest
  #parts: Uint8Array[] = [MARK, Uint8Array.of(VERSION)]
  #size = 0

  constructor(suite: Suite) {
    this.#digest = new Digest(suite)
  }

  get digest(): Uint8Array {
    return this.#digest.value
  }

  /** @returns A piece that is ready to leave, if there is one. */
  add(type: BlockType, body: Uint8Array): Uint8Array | undefined {
    if (body.length > BLOCK_BYTES_MAX) throw new RangeError(`a block of ${body.length} bytes`)
    const head = new Uint8Array(HEAD_BYTES)
    head[0] = type
    new DataView(head.buffer).setUint32(1, body.length)
    this.#digest.add(head, body)
    this.#parts.push(head, body)
    this.#size += HEAD_BYTES + body.length
    return this.#size >= CHUNK_BYTES ? this.flush() : undefined
  }

  flush(): Uint8Array {
    const piece = concatBytes(this.#parts)
    this.#parts = []
    this.#size = 0
    return piece
  }
}

/** Reads blocks from pieces of any size. Holds no more than one block and one piece. */
export class BlockReader {
  readonly #pieces: AsyncIterator<Uint8Array>
  readonly #digest: Digest
  #rest: Uint8Array = new Uint8Array(0)
  #ended = false

  constructor(suite: Suite, source: AsyncIterable<Uint8Array>) {
    this.#pieces = source[Symbol.asyncIterator]()
    this.#digest = new Digest(suite)
  }

  /** Of everything before the block that `next` gave last. */
  digest: Uint8Array = new Uint8Array(0)

  /** SX1: the mark. */
  async open(): Promise<Refusal | undefined> {
    const start = await this.#take(MARK.length + 1)
    if (start === undefined || !equalBytes(start.subarray(0, MARK.length), MARK))
      return refuse('SX1', 'this is no export of a server')
    if (start[MARK.length] !== VERSION)
      return refuse('SX1', `an export of version ${start[MARK.length] ?? 0}: newer client needed`)
    return undefined
  }

  async next(): Promise<Verdict<Block>> {
    const head = await this.#take(HEAD_BYTES)
    if (head === undefined) return refuse('SX2', 'the file ends before its seal')
    const type = head[0] as BlockType
    if (type < BlockType.header || type > BlockType.end)
      return refuse('SX2', `unknown block ${type}: altered, or newer client needed`)
    const length = new DataView(head.buffer, head.byteOffset).getUint32(1)
    if (length > BLOCK_BYTES_MAX)
      return refuse('SX2', `a block of ${length} bytes; at most ${BLOCK_BYTES_MAX}`)
    const body = await this.#take(length)
    if (body === undefined) return refuse('SX2', 'the file ends within a block')
    this.digest = this.#digest.value
    this.#digest.add(head, body)
    return accept({ type, body })
  }

  /** SX2: nothing stands behind the last seal. */
  async atEnd(): Promise<boolean> {
    return (await this.#take(1)) === undefined
  }

  /** Lets go of the source. */
  async close(): Promise<void> {
    this.#ended = true
    await this.#pieces.return?.()
  }

  /** Exactly so many bytes; undefined where fewer are left. */
  async #take(length: number): Promise<Uint8Array | undefined> {
    if (this.#rest.length < length) {
      const parts = [this.#rest]
      let have = this.#rest.length
      while (have < length && !this.#ended) {
        const { done, value } = await this.#pieces.next()
        if (done === true) this.#ended = true
        else {
          parts.push(value)
          have += value.length
        }
      }
      this.#rest = concatBytes(parts)
    }
    if (this.#rest.length < length) return undefined
    const out = this.#rest.subarray(0, length)
    this.#rest = this.#rest.subarray(length)
    return out
  }
}
