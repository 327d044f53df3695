import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { buildAuthorityVectors, plainOperation } from '../../scripts/vectors-authority.ts'
import { createNodeSuite } from '../adapters/crypto-node/index.ts'
import { idFromBytes, idToBytes } from '../base/index.ts'
import { type CborValue, decodeCbor, encodeCbor } from '../encoding/index.ts'
import { decodeOperation, type Operation } from '../graph/index.ts'
import {
  authorityDeps,
  computePermissions,
  createAuthorityLog,
  decodeBody,
  effectivePermissions,
  type EffectiveInput,
  encodeBody,
  KINDS,
  resolveBatch
} from './index.ts'

const read = <T>(name: string): T =>
  JSON.parse(
    readFileSync(join(import.meta.dirname, `../../../../docs/spec/vectors/${name}.json`), 'utf8')
  ) as T
const unhex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const suite = await createNodeSuite()
const deps = authorityDeps(suite)
const FAR = 2_000_000_000_000

interface Operations {
  valid: { note: string; bytes: string }[]
  invalid: { why: string; bytes: string; rule: string }[]
}
interface Bodies {
  valid: { name: string; kind: number; class: string; body: string }[]
  invalid: { why: string; kind: number; body: string; rule: string }[]
}
interface History {
  note: string
  operations: string[]
  voided: { id: string; rule: string; by: string | null }[]
  refused: { why: string; bytes: string; rule: string }[]
  heads: string[]
  leaves: string[]
  owner: string
  members: string[]
  banned: string[]
  stateHash: string
}
const operations = read<Operations>('operation/operations')
const bodies = read<Bodies>('operation/bodies')
const histories = read<History[]>('authority/histories')

function decoded(bytes: string): Operation {
  const result = decodeOperation(suite, unhex(bytes))
  if (!result.ok) throw new Error(`${result.rule} ${result.reason}`)
  return result.value
}

describe('[AU1] operation vectors', () => {
  it.each(operations.valid.map(each => [each.note, each] as const))(
    '[AU1] [AU2] %s',
    (_, { note, bytes, ...fields }) => {
      const operation = decoded(bytes)
      expect(plainOperation(operation)).toEqual(fields)
      expect(note).not.toBe('')
    }
  )

  it('[AU4] [AU10] a channel hidden from some has neither name nor topic in its operation, and sizes are bounded', () => {
    expect(operations.invalid.some(each => each.rule === 'AU4')).toBe(true)
    const hidden = bodies.valid.find(each => each.name === 'threadCreate')
    expect(
      decodeBody(7, (decodeCbor(unhex(hidden?.body ?? '')) as { value: readonly CborValue[] }).value)
    ).toMatchObject({ ok: true, value: { body: { name: null } } })
  })

  it.each(operations.invalid.map(each => [each.rule, each.why, each] as const))(
    '[%s] refuses %s',
    (rule, _why, { bytes }) => {
      expect(decodeOperation(suite, unhex(bytes))).toMatchObject({ ok: false, rule })
    }
  )

  it('[AU2] trusts only signatures when told to: all other checks stay', () => {
    for (const { bytes, rule } of operations.invalid) {
      const result = decodeOperation(suite, unhex(bytes), { trusted: true })
      expect(result.ok).toBe(rule === 'AU2')
    }
  })

  it('[AU3] any altered bit is refused, or belongs to an operation with another id', () => {
    const { bytes } = operations.valid[2] as { bytes: string }
    const good = decoded(bytes)
    const raw = unhex(bytes)
    for (let at = 0; at < raw.length; at += 3) {
      const altered = raw.map((byte, index) => (index === at ? byte ^ 4 : byte))
      const result = decodeOperation(suite, altered)
      if (result.ok) expect(result.value.id).not.toBe(good.id)
    }
  })
})

describe('[AU12] body vectors', () => {
  it('[AU12] there is one for each kind', () => {
    expect(bodies.valid.map(each => each.name)).toEqual(Object.keys(KINDS))
  })

  it.each(bodies.valid.map(each => [each.name, each] as const))('[AU12] %s', (name, each) => {
    const body = (decodeCbor(unhex(each.body)) as { value: readonly CborValue[] }).value
    const read = decodeBody(each.kind, body)
    if (!read.ok) throw new Error(read.reason)
    expect(read.value.name).toBe(name)
    expect(hex(encodeCbor(encodeBody(read.value.name, read.value.body as never)))).toBe(each.body)
  })

  it.each(bodies.invalid.map(each => [each.rule, each.why, each] as const))(
    '[%s] refuses %s',
    (rule, _why, { kind, body }) => {
      expect(
        decodeBody(kind, (decodeCbor(unhex(body)) as { value: readonly CborValue[] }).value)
      ).toMatchObject({ ok: false, rule })
    }
  )
})

describe('[AU23] history vectors', () => {
  it.each(histories.map(each => [each.note, each] as const))('[AU23] [AU41] %s', (_, history) => {
    const all = history.operations.map(decoded)
    const expectIt = (log: ReturnType<typeof createAuthorityLog>): void => {
      const state = log.state()
      const voided = all.flatMap(({ id }) => {
        const standing = log.standing(id)
        return standing?.standing === 'voided'
          ? [
              {
                id: hex(idToBytes(id)),
                rule: standing.rule,
                by: standing.by === undefined ? null : hex(idToBytes(standing.by))
              }
            ]
          : []
      })
      expect({ voided, stateHash: hex(state.hash()) }).toEqual({
        voided: history.voided,
        stateHash: history.stateHash
      })
      expect(log.heads().map(id => hex(idToBytes(id)))).toEqual(history.heads)
      expect(log.leaves().map(id => hex(idToBytes(id)))).toEqual(history.leaves)
      expect(state.owner).toBe(idFromBytes('u', unhex(history.owner)))
      expect([...state.members()].map(each => hex(idToBytes(each.user))).sort()).toEqual(history.members)
      expect([...state.banned()].map(each => hex(idToBytes(each))).sort()).toEqual(history.banned)
    }
    for (const order of [all.slice(1), all.slice(1).reverse()]) {
      const log = createAuthorityLog(deps, all[0] as Operation)
      for (const operation of order) {
        log.add(operation, FAR)
        log.drain(FAR)
      }
      for (const { bytes, rule } of history.refused) {
        const operation = decodeOperation(suite, unhex(bytes))
        if (!operation.ok) throw new Error(operation.reason)
        expect(log.add(operation.value, FAR)).toMatchObject({ kind: 'rejected', refusal: { rule } })
      }
      expectIt(log)
    }
    expect(resolveBatch(deps, all).effective.size).toBe(all.length - history.voided.length)
  })
})

describe('[AU29] [AU30] permission vectors', () => {
  const cases =
    read<{ note: string; input: object; at: number; computed: string; effective: string }[]>(
      'authority/permissions'
    )
  it.each(cases.map(each => [each.note, each] as const))(
    '[AU29] [AU30] %s',
    (_, { input, at, computed, effective }) => {
      const revived = JSON.parse(JSON.stringify(input), (key, value: unknown) =>
        ['permissions', 'allow', 'deny'].includes(key) && typeof value === 'string' ? BigInt(value) : value
      ) as EffectiveInput
      expect(computePermissions(revived).toString()).toBe(computed)
      expect(effectivePermissions({ ...revived, at }).toString()).toBe(effective)
    }
  )
})

describe('[AU-P10] the generator', () => {
  it('[AU-P10] writes what is in the folder', async () => {
    for (const [name, content] of Object.entries(await buildAuthorityVectors()))
      expect(JSON.parse(JSON.stringify(content)), name).toEqual(read(name))
  })
})
