/** Author chains of a stored server: every envelope reads, follows, is signed, and is counted in its chain's row. */
import { type DeviceId, idAs, type MessageId } from '../../base/index.ts'
import type { KeyRing } from '../../e2ee/index.ts'
import { equalBytes } from '../../encoding/index.ts'
import {
  createAuthorChain,
  decodeAuthorChain,
  decodeStub,
  type Envelope,
  type EnvelopeStub,
  EnvelopeType,
  isLinked,
  readEnvelope,
  verifyEnvelope
} from '../../graph/index.ts'
import { ChainIndex } from '../../sync/index.ts'
import { chainTable, type ChainRow, envelopeTable, type EnvelopeRow } from '../replica/tables.ts'
import type { CheckContext } from './check-operations.ts'

/** What the tables beside the envelopes must hold, by what the envelopes say. */
export interface Expected {
  /** Messages and acts whose envelope is opened, and where. */
  readonly messages: Map<MessageId, string>
  readonly acts: Set<MessageId>
  /** Envelopes that wait for a key or for operations. */
  readonly waiting: Set<MessageId>
  envelopes: number
}

interface Reader extends CheckContext {
  readonly ring: KeyRing
  readonly expected: Expected
}

/** Goes along all chains. */
export async function checkChains(context: CheckContext, ring: KeyRing): Promise<Expected> {
  const { database, server, findings } = context
  const expected: Expected = { messages: new Map(), acts: new Set(), waiting: new Set(), envelopes: 0 }
  const reader: Reader = { ...context, ring, expected }
  for await (const { value } of database.table(chainTable).scan({ prefix: [server] }))
    await checkChain(reader, value)
  const stored = await database.table(envelopeTable).count({ prefix: [server] })
  if (stored > expected.envelopes)
    findings.add(
      'chain-missing',
      server,
      `${stored - expected.envelopes} envelopes lie in chains that have no row`
    )
  return expected
}

async function checkChain(reader: Reader, row: ChainRow): Promise<void> {
  const { database, server, findings, expected } = reader
  const device = row.device as DeviceId
  const index = new ChainIndex()
  const chain = createAuthorChain()
  /** The last of the run so far, and its row: what vouches for those before it (EN5). */
  let last: EnvelopeStub | undefined
  const endRun = (): void => {
    if (last !== undefined) checkSigned(reader, device, last)
  }
  for await (const { value, sort } of database.table(envelopeTable).scan({ prefix: [server, device] })) {
    expected.envelopes++
    const read = readRow(reader, device, value, sort[0] as number)
    if (read === undefined) continue
    if (last === undefined || !isLinked(last, read)) endRun()
    last = read
    index.add(device, read.seq, read.idBytes)
    chain.place(read)
    if (!value.stub) expect(reader, device, read as Envelope, value)
  }
  endRun()
  const kept = decodeAuthorChain(row.chain)
  if (!kept.ok) {
    findings.add('chain-differs', server, `the chain of ${device}: ${kept.reason}`)
    return
  }
  const [was, is] = [kept.value.tip()?.seq ?? 0, chain.tip()?.seq ?? 0]
  if (was > is || chain.gaps().length > kept.value.gaps().length)
    findings.add('envelope-missing', server, `the chain of ${device} had envelopes that are not there`)
  else if (!equalBytes(index.row(device), row.index) || was !== is)
    findings.add('chain-differs', server, `the row of the chain of ${device} is not what its envelopes make`)
}

function readRow(
  { suite, server, findings }: Reader,
  device: DeviceId,
  { stub, bytes }: EnvelopeRow,
  seq: number
): EnvelopeStub | undefined {
  const read = stub ? decodeStub(suite, bytes) : readEnvelope(suite, bytes)
  if (!read.ok) {
    findings.add('envelope-invalid', server, `envelope ${seq} of ${device}: ${read.rule}: ${read.reason}`)
    return undefined
  }
  if (read.value.seq !== seq) {
    findings.add('envelope-misplaced', server, `envelope ${read.value.seq} of ${device} lies at ${seq}`)
    return undefined
  }
  return read.value
}

function checkSigned({ suite, server, findings }: Reader, device: DeviceId, envelope: EnvelopeStub): void {
  const verdict = verifyEnvelope(suite, envelope, device)
  if (verdict.ok) return
  const code = verdict.rule === 'EN2' ? 'envelope-misplaced' : 'envelope-unsigned'
  findings.add(code, server, `envelope ${envelope.seq} of ${device}: ${verdict.rule}: ${verdict.reason}`)
}

/** What an envelope calls for beside itself. */
function expect(
  { ring, server, findings, expected }: Reader,
  device: DeviceId,
  envelope: Envelope,
  { status, channel }: EnvelopeRow
): void {
  if (status === 'sealed' || status === 'waiting') expected.waiting.add(envelope.id)
  if (status !== 'opened' || envelope.type !== EnvelopeType.chat || channel === null) return
  const result = ring.open(envelope)
  if (result.kind !== 'opened') {
    findings.add(
      'key-missing',
      server,
      `envelope ${envelope.seq} of ${device} was opened once and does not open`
    )
    return
  }
  if (channel === idAs('c', server)) return
  const { kind } = result.opened.payload.body
  if (kind === 'message') expected.messages.set(envelope.id, channel)
  else if (kind === 'edit' || kind === 'delete' || kind === 'reaction' || kind === 'pin')
    expected.acts.add(envelope.id)
}
