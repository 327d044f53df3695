/** Operations and key records of a stored server: all there, signed, accepted in the order in which they lie. */
import type { DeviceId, ServerId } from '../../base/index.ts'
import { authorityDeps, type AuthorityLog, createAuthorityLog } from '../../authority/index.ts'
import type { Suite } from '../../crypto/index.ts'
import { readKeyRecord, verifyKeyRecord } from '../../e2ee/index.ts'
import { decodeOperation } from '../../graph/index.ts'
import type { Database } from '../../store/index.ts'
import { operationTable, recordTable } from '../replica/tables.ts'
import type { Findings } from './problems.ts'

/** What the checks of one server share. */
export interface CheckContext {
  readonly suite: Suite
  readonly database: Database
  readonly server: ServerId
  readonly findings: Findings
}

/** What the stored operations make. */
export interface CheckedOperations {
  readonly count: number
  readonly log: AuthorityLog | undefined
  readonly devices: ReadonlySet<DeviceId>
}

/** Operations lie in order of acceptance, numbered from 0 without a gap. */
export async function checkOperations(context: CheckContext): Promise<CheckedOperations> {
  const { suite, database, server, findings } = context
  const devices = new Set<DeviceId>()
  let log: AuthorityLog | undefined
  let next = 0
  for await (const { value, sort } of database.table(operationTable).scan({ prefix: [server] })) {
    const place = sort[0] as number
    if (place !== next)
      findings.add('operation-missing', server, `operations ${next} to ${place - 1} are not there`)
    next = place + 1
    const read = decodeOperation(suite, value.bytes)
    if (!read.ok || read.value.server !== server) {
      const why = read.ok ? 'it is of another server' : `${read.rule}: ${read.reason}`
      findings.add('operation-invalid', server, `operation ${place}: ${why}`)
      continue
    }
    devices.add(read.value.device)
    if (log === undefined) {
      if (place === 0) log = createAuthorityLog(authorityDeps(suite), read.value)
      continue
    }
    // Its time was due when it was taken (AU6).
    const added = log.add(read.value, Number.MAX_SAFE_INTEGER)
    if (added.kind === 'accepted') continue
    const why = added.kind === 'rejected' ? `${added.refusal.rule}: ${added.refusal.reason}` : added.kind
    findings.add(
      'operation-invalid',
      server,
      `operation ${place} is not accepted after those before it: ${why}`
    )
  }
  if (next === 0) findings.add('operation-missing', server, 'the genesis is not there')
  return { count: next, log, devices }
}

/** Key records, numbered likewise. */
export async function checkKeyRecords(context: CheckContext): Promise<number> {
  const { suite, database, server, findings } = context
  let next = 0
  for await (const { value, sort } of database.table(recordTable).scan({ prefix: [server] })) {
    const place = sort[0] as number
    if (place !== next)
      findings.add('key-record-missing', server, `key records ${next} to ${place - 1} are not there`)
    next = place + 1
    const read = readKeyRecord(suite, value.bytes)
    const why = !read.ok
      ? `${read.rule}: ${read.reason}`
      : read.value.server !== server
        ? 'it is of another server'
        : verifyKeyRecord(suite, read.value)
          ? undefined
          : 'its signature does not verify'
    if (why !== undefined) findings.add('key-record-invalid', server, `key record ${place}: ${why}`)
  }
  return next
}
