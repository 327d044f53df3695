/** What doctor finds (NT34): each check says what is, and where something is wrong, why and what to do. */
import type { Database } from '../store/index.ts'
import type { LiveReplica } from './replica/replica.ts'
import type { OlderKeyStore } from './accounts/key-store-epoch.ts'
import type { DoctorFinding, PeerReport } from './contract.ts'
import type { BudgetReport } from '../sync/index.ts'
import { settingTable } from './replica/tables.ts'
import { UNOPENED_CAUSES, type UnopenedCause } from './keys/unopened.ts'

/** AU6: beyond this, operations of a peer are held. */
const SKEW_MS_MAX = 120_000

export interface DoctorInput {
  readonly who: string
  readonly addresses: readonly string[]
  readonly bootstrap: readonly string[]
  readonly peers: readonly PeerReport[]
  readonly replicas: readonly LiveReplica[]
  /** The store answered a read. */
  readonly storeWorks: boolean
  readonly olderKeyStore: OlderKeyStore | undefined
  readonly budget: BudgetReport | null
}

/** Examines a peer. */
export function examine(input: DoctorInput): readonly DoctorFinding[] {
  return [
    { check: 'identity', ok: true, detail: input.who },
    store(input),
    keyStore(input),
    addresses(input),
    bootstrap(input),
    relay(input),
    ...members(input),
    forks(input),
    snapshots(input),
    clock(input),
    unopenedOnes(input),
    outbox(input),
    ...budget(input)
  ]
}

function store({ storeWorks }: DoctorInput): DoctorFinding {
  return storeWorks
    ? { check: 'store', ok: true, detail: 'the profile reads and writes' }
    : {
        check: 'store',
        ok: false,
        detail: 'the profile does not answer',
        cause: 'disk',
        remedy: 'Free disk space and restart.'
      }
}

/** KS9: a key store that was put back. */
function keyStore({ olderKeyStore: older }: DoctorInput): DoctorFinding {
  const check = 'keystore'
  if (older === undefined)
    return { check, ok: true, detail: 'the key store is the newest that was seen here' }
  return {
    check,
    ok: false,
    detail: `an older copy of the key store was put back: its epoch is ${older.epoch}, and ${older.seen} was seen`,
    cause: 'older-copy',
    remedy:
      'Did you restore it yourself? Then set a password with "xcord passwd" to go on with this copy. If not, somebody had your profile folder: revoke this device from another.'
  }
}

/** SY19: no fault of anything, and still why messages are not here. */
function budget({ budget: report }: DoctorInput): readonly DoctorFinding[] {
  if (report === null) return []
  const spent = `${report.spentBytes.toLocaleString('en')} of ${report.bytes.toLocaleString('en')} bytes spent`
  const { resumesAt } = report
  if (resumesAt === null) return [{ check: 'budget', ok: true, detail: `metered line: ${spent}` }]
  const goesOn = new Date(resumesAt).toISOString()
  return [
    { check: 'budget', ok: true, detail: `metered line: ${spent}; older messages come from ${goesOn} on` }
  ]
}

function addresses(input: DoctorInput): DoctorFinding {
  const own = input.addresses.length
  return own > 0
    ? { check: 'addresses', ok: true, detail: `reachable at ${own} address${own === 1 ? '' : 'es'}` }
    : {
        check: 'addresses',
        ok: false,
        detail: 'nobody can dial this peer',
        cause: 'no-address',
        remedy: 'Check that listening is allowed, or add a bootstrap node that relays.'
      }
}

function bootstrap(input: DoctorInput): DoctorFinding {
  const connected = input.peers.filter(each => each.kind === 'node').length
  if (input.bootstrap.length === 0)
    return {
      check: 'bootstrap',
      ok: true,
      detail: 'no bootstrap node is configured; members and the local network are used'
    }
  return connected > 0
    ? { check: 'bootstrap', ok: true, detail: `${connected} of ${input.bootstrap.length} nodes connected` }
    : {
        check: 'bootstrap',
        ok: false,
        detail: 'no bootstrap node answers',
        cause: 'no-node',
        remedy: `Check the address: ${input.bootstrap[0] ?? ''}`
      }
}

function relay(input: DoctorInput): DoctorFinding {
  const relayed = input.addresses.some(each => each.includes('/p2p-circuit'))
  if (relayed) return { check: 'relay', ok: true, detail: 'a node relays to this peer' }
  return {
    check: 'relay',
    ok: true,
    detail: 'no relay holds a place for this peer; only direct dialling reaches it'
  }
}

function members(input: DoctorInput): readonly DoctorFinding[] {
  return input.replicas.map(replica => {
    const connected = input.peers.filter(each => each.servers.includes(replica.server)).length
    const name = replica.state().name
    const alone = [...replica.state().members()].filter(each => each.status === 'in').length < 2
    if (connected > 0 || alone)
      return { check: 'members', ok: true, detail: `${name}: ${connected} connected` }
    return {
      check: 'members',
      ok: false,
      detail: `${name}: no member is connected`,
      cause: 'offline',
      remedy: 'Messages wait here and leave when somebody comes online.'
    }
  })
}

function clock(input: DoctorInput): DoctorFinding {
  const skews = input.replicas.flatMap(each => [...each.current.skews.values()]).sort((a, b) => a - b)
  const median = skews[Math.floor(skews.length / 2)]
  if (median === undefined) return { check: 'clock', ok: true, detail: 'nobody to compare with yet' }
  const seconds = Math.round(Math.abs(median) / 1_000)
  if (Math.abs(median) <= SKEW_MS_MAX)
    return { check: 'clock', ok: true, detail: `within ${seconds} s of others` }
  return {
    check: 'clock',
    ok: false,
    detail: `this clock is ${seconds} s ${median > 0 ? 'behind' : 'ahead of'} others`,
    cause: 'clock',
    remedy: 'Set the system clock: beyond two minutes others hold back what you sign.'
  }
}

/** AU39: a key that two sign with. */
function forks(input: DoctorInput): DoctorFinding {
  const found = input.replicas.flatMap(each => each.equivocations()).filter(each => each.on)
  const check = 'forks'
  if (found.some(each => each.own))
    return {
      check,
      ok: false,
      detail: 'this device signed two things for one place of its chain',
      cause: 'fork',
      remedy:
        'Is a copy of this profile in use elsewhere, or was a backup restored? Keep one, make a new profile with "xcord recover", and revoke this device.'
    }
  const devices = new Set(found.map(each => each.device)).size
  return {
    check,
    ok: true,
    detail:
      devices === 0
        ? 'no device signed two things for one place'
        : `${devices} device${devices === 1 ? '' : 's'} of others did`
  }
}

/** AU60, ND26: servers that are still being verified, and who published what is false. */
function snapshots({ replicas }: DoctorInput): DoctorFinding {
  const said = replicas.flatMap(each => {
    const report = each.verification()
    const lies = each.falseSnapshots().length
    const { name } = each.state()
    return [
      ...(report.state === 'verified' ? [] : [`${name} is being verified: ${report.held} of ${report.of}`]),
      ...(lies === 0 ? [] : [`${name}: ${lies} false, used for nothing`])
    ]
  })
  return { check: 'snapshots', ok: true, detail: said.join('; ') || 'everything shown was replayed here' }
}

function outbox(input: DoctorInput): DoctorFinding {
  const waiting = input.replicas.reduce(
    (sum, { current: { unsettled, outboxGap } }) =>
      sum + unsettled.size + (outboxGap === undefined ? 0 : outboxGap.to - outboxGap.from + 1),
    0
  )
  return {
    check: 'outbox',
    ok: true,
    detail:
      waiting === 0
        ? 'everything sent is stored elsewhere'
        : `${waiting} messages wait for somebody to store them`
  }
}

/** Whether the store can be read. */
export async function storeWorks(database: Database): Promise<boolean> {
  return await database
    .table(settingTable)
    .get(['doctor'])
    .then(
      () => true,
      () => false
    )
}

/** ND25: what is held and cannot be shown, and why. */
function unopenedOnes({ replicas }: DoctorInput): DoctorFinding {
  const check = 'unopened'
  const found = replicas.flatMap(each => each.unopened()).map(each => each.cause)
  if (found.length === 0) return { check, ok: true, detail: 'everything held is open' }
  const causes = UNOPENED_CAUSES.map(cause => ({ cause, count: found.filter(each => each === cause).length }))
  const detail = causes
    .filter(each => each.count > 0)
    .map(({ cause, count }) => `${count} ${SAID[cause]}`)
    .join('; ')
  const [worst] = causes.filter(each => each.count > 0 && each.cause !== 'before-you')
  if (worst === undefined) return { check, ok: true, detail }
  return {
    check,
    ok: false,
    detail,
    cause: worst.cause,
    remedy: 'They open by themselves once a member who has what is missing is met. Stay online.'
  }
}

const SAID: Readonly<Record<UnopenedCause, string>> = {
  'key-unknown': 'wait for keys not heard of yet',
  'key-asked': 'wait for a member to hand over the key',
  'before-you': 'are from before you could read there',
  operations: 'wait for operations their authors had seen',
  clock: 'claim a time far ahead'
}
