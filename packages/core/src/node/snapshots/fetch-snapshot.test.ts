import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createNodeSuite } from '../../adapters/crypto-node/index.ts'
import { idFromBytes, type Timers } from '../../base/index.ts'
import {
  authorityDeps,
  chunkHash,
  createAuthorityLog,
  draftChannelCreate,
  draftCheckpoint,
  type OperationDraft,
  signGenesis
} from '../../authority/index.ts'
import { toHex } from '../../encoding/index.ts'
import { type Operation, signOperation } from '../../graph/index.ts'
import { createAccount } from '../../identity/index.ts'
import type { Connection, FrameStream } from '../../net/index.ts'
import { previewFinder } from '../joining/find-preview.ts'
import type { LiveReplica } from '../replica/replica.ts'
import { fetchSnapshot } from './fetch-snapshot.ts'
import { createServedSnapshots } from './served-snapshot.ts'
import {
  askFrame,
  chunkFrame,
  laterFrame,
  namedFrame,
  SNAPSHOT_PROTOCOL,
  snapshotProof,
  wantFrame
} from './snapshot-frames.ts'

const suite = await createNodeSuite()
const frames = { ask: askFrame, want: wantFrame, named: namedFrame, later: laterFrame, chunk: chunkFrame }
const vectors = JSON.parse(
  readFileSync(
    join(import.meta.dirname, '../../../../../docs/spec/vectors/node/snapshot-frames.json'),
    'utf8'
  )
) as {
  readonly proof: Readonly<Record<'topicSecret' | 'server' | 'asking' | 'answering' | 'proof', string>>
  readonly valid: readonly {
    readonly frame: keyof typeof frames
    readonly bytes: string
    readonly fields: object
  }[]
  readonly invalid: readonly {
    readonly frame: keyof typeof frames
    readonly note: string
    readonly rule: string
    readonly bytes: string
  }[]
}
const unhex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))
const plain = (value: unknown): unknown =>
  value instanceof Uint8Array ? toHex(value) : Array.isArray(value) ? value.map(plain) : value

describe('frames of /xcord/snapshot/1', () => {
  it('[ND26] read as the vectors say, and are refused by the rule', () => {
    for (const { frame, bytes, fields } of vectors.valid) {
      const read = frames[frame].decode(unhex(bytes))
      if (!read.ok) throw new Error(read.reason)
      for (const [name, value] of Object.entries(fields))
        expect(plain(read.value[name as keyof typeof read.value])).toEqual(value)
    }
    for (const { frame, note, rule, bytes } of vectors.invalid)
      expect(frames[frame].decode(unhex(bytes)), note).toMatchObject({ ok: false, rule })
  })

  it('[ND26] the proof is of one asker to one answerer', () => {
    const { topicSecret, server, asking, answering, proof } = vectors.proof
    const who = {
      server: idFromBytes('s', unhex(server)),
      asking: idFromBytes('d', unhex(asking)),
      answering: idFromBytes('d', unhex(answering))
    }
    expect(toHex(snapshotProof(suite, unhex(topicSecret), who))).toBe(proof)
    const swapped = { ...who, asking: who.answering, answering: who.asking }
    expect(toHex(snapshotProof(suite, unhex(topicSecret), swapped))).not.toBe(proof)
  })
})

const START = 1_700_000_000_000
const random = { bytes: (length: number) => new Uint8Array(length).fill(7) }

/** Ada's server, a snapshot that she published, and one channel more. */
function story() {
  const ada = createAccount(suite, random, START)
  const { device, signingKey } = ada.device
  const userKey = ada.userKeys.at(-1)
  if (userKey === undefined) throw new Error('no user key')
  const { generation, boxPublicKey } = userKey
  const genesis = signGenesis(suite, signingKey, device, {
    name: 'Engine',
    credential: ada.credential,
    userKey: { generation, boxPublicKey },
    nonce: new Uint8Array(16),
    at: START
  })
  const log = createAuthorityLog(authorityDeps(suite), genesis)
  let at = START
  const act = (draft: OperationDraft): Operation => {
    const operation = signOperation(suite, signingKey, log.place(device, draft, ++at))
    if (log.add(operation, at).kind !== 'accepted') throw new Error('not accepted')
    return operation
  }
  const channel = (name: string): Operation =>
    act(draftChannelCreate({ kind: 'text', name, position: Uint8Array.of(1) }))
  channel('general')
  const snapshot = log.snapshot()
  if (snapshot === undefined) throw new Error('no snapshot')
  const published = act(draftCheckpoint(snapshot, undefined))
  const lied = act(draftCheckpoint({ ...snapshot, stateRoot: new Uint8Array(32) }, undefined))
  return { genesis, log, snapshot, published, lied, later: channel('attic') }
}

const { genesis, log, snapshot, published, lied, later } = story()
const hashes = snapshot.chunks.map(each => chunkHash(suite, each))
const named = (operation: Uint8Array | null = published.bytes, chunks = hashes): Uint8Array =>
  namedFrame.encode({ version: 1, kind: 3, operation, chunks })
const after = (...operations: Uint8Array[]): Uint8Array =>
  laterFrame.encode({ version: 1, kind: 4, operations })
const chunk = (bytes: Uint8Array | null): Uint8Array =>
  chunkFrame.encode({ version: 1, kind: 5, chunk: bytes })
const chunks = snapshot.chunks.map(each => chunk(each))
const end = after()

const self = idFromBytes('d', new Uint8Array(32).fill(1))
const peer = idFromBytes('d', new Uint8Array(32).fill(2))
const topicSecret = new Uint8Array(32).fill(3)

/** Fetches from a peer that sends these frames, whatever it is asked. */
async function fetched(answers: readonly Uint8Array[], isFalse = false) {
  const sent: Uint8Array[] = []
  let closed = false
  const stream: Partial<FrameStream> = {
    send: frame => {
      sent.push(frame)
      return Promise.resolve()
    },
    frames: async function* () {
      yield* await Promise.resolve(answers)
    },
    close: () => {
      closed = true
      return Promise.resolve()
    }
  }
  const connection = {
    device: peer,
    openStream: () => Promise.resolve(stream as FrameStream)
  } as unknown as Connection
  const init = { suite, genesis, topicSecret, self, now: START + 1_000, isFalse: () => isFalse }
  const found = await fetchSnapshot(connection, init)
  return { found, sent, closed }
}

describe(`fetching a snapshot over ${SNAPSHOT_PROTOCOL}`, () => {
  it('[ND26] opens a log that says what a log of all operations says, in two questions', async () => {
    const { found, sent, closed } = await fetched([named(), after(lied.bytes, later.bytes), end, ...chunks])
    if (!found.ok || found.value === undefined) throw new Error('not fetched')
    expect(toHex(found.value.log.state().hash())).toBe(toHex(log.state().hash()))
    expect(found.value.operation.id).toBe(published.id)
    expect(sent).toHaveLength(2)
    expect(askFrame.decode(sent[0] as Uint8Array)).toMatchObject({
      ok: true,
      value: {
        proof: snapshotProof(suite, topicSecret, { server: genesis.server, asking: self, answering: peer })
      }
    })
    expect(wantFrame.decode(sent[1] as Uint8Array)).toMatchObject({ ok: true, value: { chunks: hashes } })
    expect(closed).toBe(true)
  })

  it('[ND26] takes it that there is none', async () => {
    expect((await fetched([named(null, [])])).found).toEqual({ ok: true, value: undefined })
  })

  it('[ND26, AU58, AU60] refuses whatever is not that snapshot, by its rule, before more is fetched', async () => {
    const flipped = Uint8Array.from(published.bytes)
    flipped[flipped.length - 1] = (flipped.at(-1) as number) ^ 1
    const cases: readonly (readonly [string, string, readonly Uint8Array[], number])[] = [
      ['no answer', 'ND26', [], 1],
      ['noise', 'ND26', [Uint8Array.of(1, 2, 3)], 1],
      ['a signature that does not hold', 'AU2', [named(flipped)], 1],
      ['an operation of another kind', 'ND26', [named(later.bytes)], 1],
      ['no chunks', 'AU58', [named(published.bytes, [])], 1],
      ['hashes of something else', 'AU58', [named(published.bytes, [new Uint8Array(32)])], 1],
      ['nothing after the name', 'ND26', [named()], 1],
      ['noise after it', 'ND26', [named(), Uint8Array.of(1)], 1],
      ['an operation that does not hold', 'AU2', [named(), after(flipped), end], 1],
      ['no end of operations', 'ND26', [named(), after(later.bytes)], 1],
      [
        'too many operations',
        'ND26',
        [
          named(),
          ...Array.from({ length: 40 }, () => after(...Array.from({ length: 256 }, () => later.bytes)))
        ],
        1
      ],
      ['no chunk', 'ND26', [named(), end], 2],
      ['noise for a chunk', 'ND26', [named(), end, Uint8Array.of(1)], 2],
      ['a chunk that is gone', 'ND26', [named(), end, chunk(null)], 2],
      ['another chunk', 'ND26', [named(), end, chunk(Uint8Array.of(1))], 2],
      ['a state under another root', 'AU41', [named(lied.bytes), end, ...chunks], 2]
    ]
    for (const [note, rule, answers, questions] of cases) {
      const { found, sent, closed } = await fetched(answers)
      expect(found, note).toMatchObject({ ok: false, rule })
      expect(sent.length, note).toBe(questions)
      expect(closed, note).toBe(true)
    }
  })

  it('[AU60] asks for nothing of a snapshot that was found false before', async () => {
    const { found, sent } = await fetched([named()], true)
    expect(found).toMatchObject({ ok: false, rule: 'AU60' })
    expect(sent).toHaveLength(1)
  })
})

/** Timers that end all waits at once, when told. */
function handTimers() {
  const waiting = new Map<() => void, number>()
  const timers: Timers = {
    after: (ms, run) => {
      const each = (): void => run()
      waiting.set(each, ms)
      return () => void waiting.delete(each)
    }
  }
  /** The shortest waits are over. */
  const pass = (): void => {
    const least = Math.min(...waiting.values())
    for (const [run, ms] of [...waiting]) if (ms === least && waiting.delete(run)) run()
  }
  return { timers, waiting, pass }
}

/** A peer that sends these frames and then neither ends nor goes on. */
function stalling(answers: readonly Uint8Array[]) {
  let reset: (() => void) | undefined
  const stalled = new Promise<never>((_resolve, reject) => (reset = () => reject(new Error('reset'))))
  stalled.catch(() => undefined)
  const asked: string[] = []
  let met: (() => void) | undefined
  const waited = new Promise<void>(resolve => (met = resolve))
  const stream: Partial<FrameStream> = {
    send: () => Promise.resolve(void asked.push('frame')),
    frames: async function* () {
      yield* answers
      met?.()
      yield await stalled
    },
    close: () => Promise.resolve(),
    abort: () => {
      asked.push('reset')
      reset?.()
    }
  }
  const connection = {
    device: idFromBytes('d', new Uint8Array(32).fill(answers.length + 8)),
    openStream: () => Promise.resolve(stream as FrameStream)
  } as unknown as Connection
  return { connection, waited, asked }
}

describe('[ND26] a peer that stops answering', () => {
  const replica = { current: { packageSecret: topicSecret, falseSnapshots: new Map() } }
  const whole = [named(), end, ...chunks]
  let missed = 0

  const finder = (timers: Timers, others: readonly Connection[]) =>
    previewFinder({
      suite,
      timers,
      clock: { now: () => START + 1_000 },
      account: { device: { device: self } },
      transport: { connections: () => others }
    } as unknown as Parameters<typeof previewFinder>[0])
  const find = (timers: Timers, peers: readonly Connection[], signal = new AbortController().signal) =>
    finder(timers, peers.slice(1))(
      replica as unknown as LiveReplica,
      genesis,
      peers[0] as Connection,
      signal,
      () => void missed++
    )

  it('[ND26] is left for the next, wherever it stops, and its stream is reset', async () => {
    for (let said = 0; said < whole.length; said++) {
      const { timers, waiting, pass } = handTimers()
      const first = stalling(whole.slice(0, said))
      const second = stalling([named(), end, ...chunks])
      const found = find(timers, [first.connection, second.connection])
      await first.waited
      pass()
      expect((await found)?.operation.id, `after ${said} frames`).toBe(published.id)
      expect(first.asked.at(-1)).toBe('reset')
      expect(second.asked).not.toContain('reset')
      expect(waiting.size).toBe(0)
    }
  })

  it('[ND26] four are asked at most, and nobody once the join is over', async () => {
    const { timers, pass } = handTimers()
    const peers = Array.from({ length: 6 }, () => stalling([]))
    const found = find(
      timers,
      peers.map((each, at) => ({
        ...each.connection,
        device: idFromBytes('d', new Uint8Array(32).fill(at + 20))
      }))
    )
    for (const each of peers.slice(0, 4)) {
      await each.waited
      pass()
    }
    expect(await found).toBeUndefined()
    expect(peers.map(each => each.asked.length > 0)).toEqual([true, true, true, true, false, false])
    const over = new AbortController()
    over.abort()
    const unasked = stalling([])
    expect(await find(timers, [unasked.connection], over.signal)).toBeUndefined()
    expect(unasked.asked).toEqual([])
  })
})

describe('[ND26] serving', () => {
  /** A replica that holds a published snapshot, and what is done with it. */
  function serving() {
    const done = { scans: 0, covers: 0 }
    const rows = [published.bytes, ...snapshot.chunks].map((bytes, at) => ({
      value: { version: 1, part: Math.min(at, 1), bytes }
    }))
    const watched = new Proxy(log, {
      get: (target, name) => {
        if (name === 'covers') done.covers++
        const value: unknown = Reflect.get(target, name)
        return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value
      }
    })
    const table = {
      scan: async function* () {
        done.scans++
        yield* await Promise.resolve(rows)
      }
    }
    const current = {
      server: genesis.server,
      servedSnapshot: published.id,
      log: watched,
      deps: { suite, database: { table: () => table } }
    }
    return { done, current, replica: { current } as unknown as LiveReplica }
  }

  it('[ND26] reads, hashes and walks once for all who ask, and goes on from there', async () => {
    const { done, replica } = serving()
    const served = createServedSnapshots()
    const first = await served.of(replica)
    expect(first?.operation.id).toBe(published.id)
    expect(first?.hashes).toEqual(hashes)
    expect([...(first?.chunks.values() ?? [])]).toEqual(snapshot.chunks)
    expect(first?.later).toEqual([lied.bytes, later.bytes])
    const { scans, covers } = done
    expect(scans).toBe(1)
    for (let asked = 0; asked < 100; asked++) expect((await served.of(replica))?.later).toHaveLength(2)
    expect(done).toEqual({ scans, covers })
  })

  it('[ND26] reads anew what another took the place of', async () => {
    const { done, current, replica } = serving()
    const served = createServedSnapshots()
    await served.of(replica)
    current.servedSnapshot = later.id
    await served.of(replica)
    expect(done.scans).toBe(2)
  })
})
