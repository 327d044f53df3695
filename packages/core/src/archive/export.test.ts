import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { createNodeSuite } from '../adapters/crypto-node/index.ts'
import { draftBan, draftUnban } from '../authority/index.ts'
import { type DeviceId, idToBytes } from '../base/index.ts'
import type { Suite } from '../crypto/index.ts'
import { concatBytes, toHex } from '../encoding/index.ts'
import type { Operation } from '../graph/index.ts'
import { archiveStage, type ArchiveStage, fileOf } from '../../scripts/archive-stage.ts'
import { foundServer } from '../../scripts/authority-stage.ts'
import { operationsAt, replay, REPLAYED_AT_ONCE } from './past.ts'
import { type ExportedItem, type ExportSource, openExport, writeExport } from './index.ts'

interface Vectors {
  readonly valid: readonly {
    readonly note: string
    readonly server: string
    readonly operations: number
    readonly heads: readonly string[]
    readonly stateHash: string
    readonly exporter: string
    readonly names: readonly string[]
    readonly records: number
    readonly envelopes: number
    readonly stubs: number
    readonly bytes: string
  }[]
  readonly invalid: readonly { readonly note: string; readonly rule: string; readonly bytes: string }[]
}
const vectors = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../../docs/spec/vectors/export/exports.json'), 'utf8')
) as Vectors
const unhex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))

let suite: Suite
let stage: ArchiveStage
beforeAll(async () => {
  suite = await createNodeSuite()
  stage = archiveStage(suite)
})

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size)
}

async function read(bytes: Uint8Array, size = 65_536) {
  const reader = openExport(suite, inPieces(bytes, size))
  const state = await reader.readState()
  if (!state.ok) return { rule: state.rule, reason: state.reason }
  const items: ExportedItem[] = []
  const content = await reader.readContent(state.value, item => void items.push(item))
  if (!content.ok) return { rule: content.rule, reason: content.reason }
  return { state: state.value, counts: content.value, items }
}

async function refusalOf(bytes: Uint8Array, size?: number): Promise<string> {
  const result = await read(bytes, size)
  return 'rule' in result ? result.rule : 'accepted'
}

function sourceOf({ site, state, content }: ArchiveStage, withContent: boolean): ExportSource {
  const { log } = site
  const author = stage.grace.device.device
  return {
    server: log.server,
    operations: [...log.operations()],
    heads: log.heads(),
    stateHash: log.state().hash(),
    profiles: state.flatMap(([type, body]) => (type === 4 ? [body] : [])),
    userOf: device => log.state().device(device)?.user,
    ...(withContent
      ? {
          content: {
            records: content.flatMap(([type, body]) => (type === 6 ? [body] : [])).reverse(),
            async *chain(device: DeviceId) {
              if (device !== author) return
              for (const [type, bytes] of content)
                if (type === 8 || type === 9) yield { stub: type === 9, bytes }
            }
          }
        }
      : {})
  }
}

async function written(source: ExportSource): Promise<Uint8Array> {
  const { device, signingKey } = stage.ada.device
  const pieces: Uint8Array[] = []
  for await (const piece of writeExport(suite, source, { device, key: signingKey, at: 1_700_001_000_000 }))
    pieces.push(piece)
  return concatBytes(pieces)
}

describe('vectors', () => {
  it.each(vectors.valid)('[SX1–SX9] accepts: $note', async each => {
    for (const size of [1, 7, 65_536]) {
      const result = await read(unhex(each.bytes), size)
      if ('rule' in result) throw new Error(`${result.rule}: ${result.reason}`)
      const { state, counts, items } = result
      expect(toHex(idToBytes(state.server))).toBe(each.server)
      expect(state.log.count()).toBe(each.operations)
      expect(state.log.heads().map(id => toHex(idToBytes(id)))).toEqual(each.heads)
      expect(toHex(state.log.state().hash())).toBe(each.stateHash)
      expect(toHex(idToBytes(state.exporter))).toBe(each.exporter)
      expect(state.profiles.map(profile => profile.name).sort()).toEqual(each.names)
      const { records, envelopes, stubs } = each
      expect(counts).toEqual({ records, envelopes, stubs })
      expect(items).toHaveLength(records + envelopes + stubs)
    }
  })

  it.each(vectors.invalid)('[$rule] refuses: $note', async ({ rule, bytes }) => {
    expect([await refusalOf(unhex(bytes)), await refusalOf(unhex(bytes), 11)]).toEqual([rule, rule])
  })

  it('[SX1–SX9] are as a second hand puts them together', () => {
    const before = stage.state
    expect(toHex(fileOf([...before, stage.seal(stage.ada, before)]))).toBe(vectors.valid[0]?.bytes)
  })
})

describe('writing', () => {
  it('[SX4] gives the bytes that another team would write, whatever the order of arrival', async () => {
    const source = sourceOf(stage, false)
    const backwards: ExportSource = {
      ...source,
      operations: ([...source.operations] as Operation[]).reverse(),
      heads: [...source.heads].reverse(),
      profiles: [...source.profiles].reverse()
    }
    const before = stage.state
    const byHand = fileOf([...before, stage.seal(stage.ada, before)])
    expect(toHex(await written(source))).toBe(toHex(byHand))
    expect(toHex(await written(backwards))).toBe(toHex(byHand))
  })

  it('[SX8, SX9] gives content as another team would write it', async () => {
    expect(toHex(await written(sourceOf(stage, true)))).toBe(vectors.valid[1]?.bytes)
  })

  it('[SX6, SX8, SX9] leaves out what no reader would take', async () => {
    const source = sourceOf(stage, true)
    const { content } = source
    if (content === undefined) throw new Error('no content')
    const garbled = (bytes: Uint8Array): Uint8Array =>
      bytes.map((byte, at) => (at === bytes.length - 1 ? byte ^ 1 : byte))
    const bytes = await written({
      ...source,
      profiles: [...source.profiles].map(garbled),
      content: {
        records: [...content.records].map(garbled),
        async *chain(device) {
          for await (const item of content.chain(device)) yield { ...item, bytes: garbled(item.bytes) }
        }
      }
    })
    const result = await read(bytes)
    expect(result).toMatchObject({ counts: { records: 0, envelopes: 0, stubs: 0 }, state: { profiles: [] } })
  })

  it('[SX10] holds no key: not the seed of an envelope, nor what an inbox or avatar brings', async () => {
    const text = Buffer.from(await written(sourceOf(stage, true)))
    const { ada, grace } = stage
    for (const account of [ada, grace]) {
      expect(text.includes(Buffer.from(account.device.signSeed))).toBe(false)
      for (const key of account.userKeys) expect(text.includes(Buffer.from(key.seed))).toBe(false)
    }
  })
})

describe('reading', () => {
  it("[SX3] refuses another server's file where one is expected", async () => {
    const bytes = await written(sourceOf(stage, false))
    const other = stage.site.log.server.replace(/.{4}$/, 'aaaa') as never
    const wanted = await openExport(suite, inPieces(bytes, 999)).readState({ server: other })
    expect(wanted).toMatchObject({ ok: false, rule: 'SX3' })
    const right = await openExport(suite, inPieces(bytes, 999)).readState({ server: stage.site.log.server })
    expect(right.ok).toBe(true)
  })

  it('[SX7] no bit of a file can be turned, none left out and none doubled', async () => {
    const bytes = await written(sourceOf(stage, true))
    const runs = Number(process.env['XCORD_RUNS'] ?? 150)
    await fc.assert(
      fc.asyncProperty(
        fc.nat(bytes.length - 1),
        fc.nat(7),
        fc.constantFrom('turn', 'drop', 'double'),
        async (at, bit, how) => {
          const changed =
            how === 'turn'
              ? bytes.map((byte, index) => (index === at ? byte ^ (1 << bit) : byte))
              : concatBytes([
                  bytes.subarray(0, how === 'drop' ? at : at + 1),
                  bytes.subarray(how === 'drop' ? at + 1 : at)
                ])
          expect(await refusalOf(changed)).toMatch(/^[A-Z]{2}\d+$/)
        }
      ),
      { numRuns: runs }
    )
  })

  it('[SX2] reads as it goes: a source that fails half-way fails the reader, and is let go', async () => {
    const bytes = await written(sourceOf(stage, false))
    let closed = false
    async function* failing(): AsyncGenerator<Uint8Array> {
      try {
        yield bytes.subarray(0, 500)
        throw new Error('unplugged')
      } finally {
        closed = true
      }
    }
    const reader = openExport(suite, failing())
    await expect(reader.readState()).rejects.toThrow('unplugged')
    await reader.close()
    expect(closed).toBe(true)
  })
})

describe('a server as it stood', () => {
  it('[SX12] is replayed in slices, so that others have their turn meanwhile', async () => {
    const { ada } = stage
    const site = foundServer(suite, ada)
    for (let i = 0; i < 2 * REPLAYED_AT_ONCE + 10; i++)
      site.act(ada, i % 2 === 0 ? draftBan(stage.mallory.user) : draftUnban(stage.mallory.user))
    const operations = operationsAt(site.log.operations(), { kind: 'at', at: Number.MAX_SAFE_INTEGER })
    // What is waited for is a real turn: a timer that was set before runs in each.
    let turns = 0
    const pause = async (): Promise<void> => {
      await new Promise<void>(resolve => setImmediate(resolve))
      turns++
    }
    const log = await replay(suite, operations ?? [], pause)
    expect(turns).toBe(Math.floor((log.count() - 1) / REPLAYED_AT_ONCE))
    expect(turns).toBeGreaterThanOrEqual(2)
    expect(log.state().hash()).toEqual(site.log.state().hash())
  })
})
