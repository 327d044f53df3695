/**
 * Writes docs/spec/vectors/export: a server's exports, and every way in which one is refused, with the rule.
 * `node --conditions=xcord-source packages/core/scripts/vectors-export.ts`
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createNodeSuite } from '../src/adapters/crypto-node/index.ts'
import { idToBytes } from '../src/base/index.ts'
import { draftRoleCreate } from '../src/authority/index.ts'
import { type CborValue, concatBytes, decodeCbor, encodeCbor } from '../src/encoding/index.ts'
import { signOperation } from '../src/graph/index.ts'
import { signProfile } from '../src/identity/index.ts'
import { archiveStage, fileOf, MARK, rawBlock, type RawBlock } from './archive-stage.ts'
import { accountOf, foundServer } from './authority-stage.ts'
import { fill, flipLast, toHex } from './vector-tools.ts'

type Case = readonly [note: string, rule: string, bytes: Uint8Array]

const stage = archiveStage(await createNodeSuite())
const { suite, site, ada, grace, mallory, state, content, seal, header } = stage
const whole = (blocks: readonly RawBlock[]): Uint8Array => fileOf([...blocks, seal(ada, blocks)])
const stateFile = whole(state)
const at = (type: number, nth = 0): number =>
  state.flatMap((each, index) => (each[0] === type ? [index] : []))[nth] as number
const without = (index: number): RawBlock[] => state.filter((_, other) => other !== index)
const swapped = (a: number, b: number): RawBlock[] =>
  state.map((each, index) => state[index === a ? b : index === b ? a : index] ?? each)
const replaced = (index: number, block: RawBlock): RawBlock[] =>
  state.map((each, other) => (other === index ? block : each))
const operations = state.filter(each => each[0] === 2).length

function withContent(
  blocks: readonly RawBlock[],
  end?: (before: readonly RawBlock[]) => RawBlock
): Uint8Array {
  const opened = [header(1), ...state.slice(1)]
  const first = [...opened, seal(ada, opened)]
  const all = [...first, ...blocks]
  return fileOf([...all, end === undefined ? seal(ada, all, { part: 1 }) : end(all)])
}

function frame(): Case[] {
  const [genesis] = [state[at(2)] as RawBlock]
  return [
    ['nothing', 'SX1', new Uint8Array(0)],
    ['another mark', 'SX1', concatBytes([Uint8Array.of(0x58), stateFile.subarray(1)])],
    [
      'version 2',
      'SX1',
      concatBytes([MARK.subarray(0, -1), Uint8Array.of(2), stateFile.subarray(MARK.length)])
    ],
    ['the mark alone', 'SX2', MARK],
    ['cut within a block', 'SX2', stateFile.subarray(0, stateFile.length - 9)],
    ['cut before the seal', 'SX2', fileOf(state)],
    ['bytes behind the seal', 'SX2', concatBytes([stateFile, Uint8Array.of(0)])],
    ['an unknown block', 'SX2', whole([...state, [11, fill(0)]])],
    ['a block of 131,073 bytes', 'SX2', whole([...state, [4, fill(0, 131_073)]])],
    ['a head before the operations', 'SX4', whole([state[0] as RawBlock, state[at(3)] as RawBlock, genesis])],
    ['an operation behind the heads', 'SX2', whole([...state, genesis])],
    ['two headers', 'SX2', whole([header(0), ...state])],
    ['no header', 'SX2', whole(state.slice(1))],
    ['content that the header does not tell of', 'SX2', fileOf([...state, ...content, seal(ada, state)])],
    ['a header of version 2', 'SX3', whole(replaced(0, [1, encodeCbor([2, idToBytes(site.log.server), 0])]))],
    ['an unknown flag', 'SX3', whole(replaced(0, header(4)))],
    ['a file of the past with content', 'SX12', whole(replaced(0, header(3)))]
  ]
}

function history(): Case[] {
  const stranger = foundServer(suite, accountOf(suite, 'stranger'))
  const foreign = stranger.act(
    accountOf(suite, 'stranger'),
    draftRoleCreate({ name: 'x', permissions: [], color: 0, position: fill(9, 1) })
  )
  const forged = state[at(2, 2)] as RawBlock
  // Grace may not make roles: signed by her all the same.
  const fields = site.log.place(
    grace.device.device,
    draftRoleCreate({ name: 'mine', permissions: [], color: 0, position: fill(9, 1) }),
    site.now + 1_000
  )
  const forbidden = signOperation(suite, grace.device.signingKey, fields)
  const lastOperation = at(2, operations - 1)
  return [
    ['no operations', 'SX4', whole([state[0] as RawBlock])],
    ['the genesis is left out', 'AU2', whole(without(at(2)))],
    ['two operations swapped', 'SX4', whole(swapped(at(2, 1), at(2, 2)))],
    ['an operation twice', 'SX4', whole([...state.slice(0, at(2, 2)), ...state.slice(at(2, 1))])],
    ['one that others cite is left out', 'SX4', whole(without(at(2, 1)))],
    ["another server's operation", 'SX4', whole(replaced(lastOperation, [2, foreign.bytes]))],
    [
      "another server's header",
      'SX4',
      whole(replaced(0, [1, encodeCbor([1, idToBytes(stranger.log.server), 0])]))
    ],
    ['a signature altered', 'AU2', whole(replaced(at(2, 2), [2, flipLast(forged[1])]))],
    [
      'an operation that its author might not',
      'AU14',
      whole([...state.slice(0, lastOperation + 1), [2, forbidden.bytes], ...state.slice(lastOperation + 1)])
    ],
    ['the last operation left out', 'SX5', whole(without(lastOperation))],
    ['a head left out', 'SX5', whole(without(at(3)))],
    ['heads out of order', 'SX5', whole(swapped(at(3), at(3, 1)))],
    ['a head of 31 bytes', 'SX5', whole(replaced(at(3), [3, fill(1, 31)]))]
  ]
}

function people(): Case[] {
  const named = (who: typeof ada, over: object): RawBlock => [
    4,
    signProfile(suite, who.user, who.device, { revision: 1, name: 'Ada', ...over })
  ]
  const profiled = state.slice(0, at(4))
  const altered = (state[at(4)] as RawBlock)[1]
  return [
    ['profiles out of order', 'SX6', whole(swapped(at(4), at(4, 1)))],
    ['a profile with an avatar', 'SX6', whole([...profiled, named(ada, { avatar: [fill(1), 1] })])],
    ['a profile with an inbox', 'SX6', whole([...profiled, named(ada, { inboxSecret: fill(1) })])],
    [
      "a profile by another's device",
      'SX6',
      whole([...profiled, [4, signProfile(suite, ada.user, grace.device, { revision: 1, name: 'Ada' })]])
    ],
    ['a profile altered', 'ID13', whole([...profiled, [4, flipLast(altered)]])]
  ]
}

function seals(): Case[] {
  const sealedBy = (block: RawBlock): Uint8Array => fileOf([...state, block])
  const own = seal(ada, state)
  const items = (decodeCbor(own[1]) as { value: readonly CborValue[] }).value
  return [
    ['altered after it was sealed', 'SX7', fileOf([...state.slice(0, -1), own])],
    ['sealed by a stranger', 'SX7', sealedBy(seal(accountOf(suite, 'stranger'), state))],
    ['sealed by somebody who is banned', 'SX7', sealedBy(seal(mallory, state))],
    ['another number of operations', 'SX7', sealedBy(seal(ada, state, { operations: 3 }))],
    ['another state hash', 'SX7', sealedBy(seal(ada, state, { stateHash: fill(1) }))],
    ['the seal of another server', 'SX7', sealedBy(seal(ada, state, { server: fill(1) }))],
    ['the seal of the other part', 'SX7', sealedBy([5, seal(ada, state, { part: 1 })[1]])],
    ['a signature altered', 'SX7', sealedBy([5, flipLast(own[1])])],
    [
      'a seal with a field too many',
      'SX7',
      sealedBy([5, encodeCbor([...items.slice(0, -1), 1, items.at(-1) as CborValue])])
    ]
  ]
}

function sealed(): Case[] {
  const [one, two, author, first, stub, third] = content as readonly [
    RawBlock,
    RawBlock,
    RawBlock,
    RawBlock,
    RawBlock,
    RawBlock
  ]
  const { envelopes } = stage
  return [
    ['no end', 'SX2', withContent(content).subarray(0, withContent(content).length - 1)],
    ['a record behind an author', 'SX2', withContent([author, first, one])],
    ['records out of order', 'SX8', withContent([two, one])],
    ['a record altered', 'SX8', withContent([[6, flipLast(one[1])]])],
    ['an envelope without author', 'SX9', withContent([first])],
    ['an author twice', 'SX9', withContent([author, first, author])],
    ['an author of 31 bytes', 'SX9', withContent([[7, fill(1, 31)]])],
    ['an author that no operation names', 'AU52', withContent([[7, fill(1)], first])],
    ['envelopes out of order', 'SX9', withContent([author, third, stub])],
    ['an envelope of somebody else', 'EN2', withContent([[7, idToBytes(ada.device.device)], first])],
    ['an envelope altered', 'EN3', withContent([author, [8, flipLast(envelopes[0]?.bytes as Uint8Array)]])],
    ['an end by a stranger', 'SX7', withContent(content, all => seal(mallory, all, { part: 1 }))],
    ['an end for other content', 'SX7', withContent(content, all => seal(ada, all.slice(0, -1), { part: 1 }))]
  ]
}

const log = site.log
const expected = {
  server: toHex(idToBytes(log.server)),
  operations: log.count(),
  heads: log.heads().map(each => toHex(idToBytes(each))),
  stateHash: toHex(log.state().hash()),
  exporter: toHex(idToBytes(ada.user)),
  names: ['Ada', 'Grace']
}
const vectors = {
  title: 'Server exports',
  rules: 'SX1–SX9, SX12',
  valid: [
    { note: 'a state part', ...expected, records: 0, envelopes: 0, stubs: 0, bytes: toHex(stateFile) },
    {
      note: 'with content',
      ...expected,
      records: 2,
      envelopes: 2,
      stubs: 1,
      bytes: toHex(withContent(content))
    },
    {
      note: 'with content that is empty',
      ...expected,
      records: 0,
      envelopes: 0,
      stubs: 0,
      bytes: toHex(withContent([]))
    },
    {
      note: 'as it stood once',
      ...expected,
      records: 0,
      envelopes: 0,
      stubs: 0,
      bytes: toHex(whole(replaced(0, header(2))))
    }
  ],
  invalid: [...frame(), ...history(), ...people(), ...seals(), ...sealed()].map(([note, rule, bytes]) => ({
    note,
    rule,
    // What is too large to be read is not written out: its blocks but the last long one say enough.
    ...(bytes.length > 100_000
      ? { bytes: toHex(concatBytes([fileOf(state), rawBlock([4, fill(0, 131_073)]).subarray(0, 5)])) }
      : { bytes: toHex(bytes) })
  }))
}
const folder = join(import.meta.dirname, '../../../docs/spec/vectors/export')
mkdirSync(folder, { recursive: true })
writeFileSync(join(folder, 'exports.json'), `${JSON.stringify(vectors, null, 1)}\n`)
