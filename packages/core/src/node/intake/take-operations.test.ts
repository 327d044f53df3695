import { expect, it } from 'vitest'
import { createNodeSuite } from '../../adapters/crypto-node/index.ts'
import { idFromBytes } from '../../base/index.ts'
import {
  type AddOptions,
  type AddResult,
  authorityDeps,
  createAuthorityLog,
  draft,
  signGenesis
} from '../../authority/index.ts'
import { concatBytes, encodeCbor } from '../../encoding/index.ts'
import { type Operation, signOperation } from '../../graph/index.ts'
import { createAccount } from '../../identity/index.ts'
import type { ReplicaState } from '../replica/replica-state.ts'
import { addOperation, createNews, takeOperation } from './take-operations.ts'
import type { Turn } from '../replica/turn.ts'

it('[AU9] an operation that waits counts against the peer that passed it on, whichever device signed it', () => {
  const device = (byte: number): Operation['device'] => idFromBytes('d', new Uint8Array(32).fill(byte))
  const operation = { id: idFromBytes('o', new Uint8Array(32)), device: device(1) } as Operation
  const asked: (AddOptions | undefined)[] = []
  const add = (_operation: Operation, _now: number, options?: AddOptions): AddResult => {
    asked.push(options)
    return { kind: 'orphan', operation: operation.id, missing: [] }
  }
  const state = { log: { add } } as unknown as ReplicaState
  const turn = { at: 1 } as Turn
  expect(addOperation(state, turn, createNews(), operation, device(2))).toEqual({
    kind: 'waiting',
    operation: operation.id
  })
  addOperation(state, turn, createNews(), operation, undefined)
  expect(asked).toEqual([{ peer: device(2) }, {}])
})

const suite = await createNodeSuite()
const START = 1_700_000_000_000
const random = { bytes: (length: number) => new Uint8Array(length).fill(7) }

/** A server, and an operation of its founder that would be taken next, with changes. */
function serverOf(nonce: number) {
  const ada = createAccount(suite, random, START)
  const { device, signingKey } = ada.device
  const [key] = ada.userKeys
  if (key === undefined) throw new Error('no user key')
  const genesis = signGenesis(suite, signingKey, device, {
    name: 'Engine',
    credential: ada.credential,
    userKey: { generation: key.generation, boxPublicKey: key.boxPublicKey },
    nonce: new Uint8Array(16).fill(nonce),
    at: START
  })
  const log = createAuthorityLog(authorityDeps(suite), genesis)
  const what = draft('serverSet', { rows: [{ key: 0, value: 'x' }], reason: null })
  const next = (changes: Partial<Parameters<typeof signOperation>[2]> = {}): Uint8Array =>
    signOperation(suite, signingKey, { ...log.place(device, what, START + 1), ...changes }).bytes
  return { log, next }
}

it('[SY13] [AU1] [AU2] [AU4] [AU7] what is provably bad is refused by its rule, for the peer that sent it to answer for', () => {
  const { log, next } = serverOf(1)
  const good = next()
  const flipped = Uint8Array.from(good)
  flipped[flipped.length - 1] = (flipped.at(-1) as number) ^ 1
  const state = {
    log,
    deps: { suite },
    self: idFromBytes('d', new Uint8Array(32))
  } as unknown as ReplicaState
  const taken = (bytes: Uint8Array): unknown =>
    takeOperation(
      state,
      { at: START + 2 } as Turn,
      createNews(),
      bytes,
      idFromBytes('d', new Uint8Array(32).fill(2))
    )
  const bad: readonly (readonly [string, Uint8Array, string])[] = [
    ['malformed', Uint8Array.of(0x80), 'AU1'],
    ['more behind its end', concatBytes([good, Uint8Array.of(0)]), 'AU1'],
    ['too large', encodeCbor([new Uint8Array(16_385), new Uint8Array(64)]), 'AU4'],
    ['another signature', flipped, 'AU2'],
    ['of another server', serverOf(2).next(), 'AU1'],
    ['a false lamport value', next({ lamport: 7 }), 'AU1'],
    ['a kind that is none', next({ kind: 9_999 }), 'AU7']
  ]
  for (const [note, bytes, rule] of bad)
    expect(taken(bytes), note).toMatchObject({ kind: 'refused', refusal: { rule } })
  expect(log.count()).toBe(1)
  // What cites nothing that is known proves nothing: it waits.
  expect(taken(next({ parents: [idFromBytes('o', new Uint8Array(32).fill(9))] }))).toMatchObject({
    kind: 'waiting'
  })
})
