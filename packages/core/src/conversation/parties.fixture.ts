/** People for tests of conversations: their accounts, devices, prekeys, and what each knows of the others. */
import { randomBytes } from 'node:crypto'
import { createNodeSuite } from '../adapters/crypto-node/index.ts'
import type { DeviceId, Random, UserId } from '../base/index.ts'
import type { Body } from '../e2ee/index.ts'
import type { Envelope } from '../graph/index.ts'
import {
  type Account,
  appendDevice,
  createAccount,
  createDevice,
  type DeviceSecret,
  type IdentityLog
} from '../identity/index.ts'
import {
  type ConversationState,
  type ConversationWriter,
  createConversation,
  emptyState,
  type OwnPrekey,
  type Prekey,
  readPrekey,
  renewPrekeys,
  type Taken,
  takeEnvelope,
  write,
  type Written
} from './index.ts'

export const suite = await createNodeSuite()
export const random: Random = { bytes: length => new Uint8Array(randomBytes(length)) }
export const START = 1_764_000_000_000
export const HOUR = 3_600_000
export const DAY = 24 * HOUR

export const text = (content: string): Body => ({
  kind: 'message',
  content,
  replyTo: null,
  mentions: { users: [], roles: [], everyone: false },
  attachments: []
})

/** One device of one person, with what it knows. */
export class Party {
  readonly account: Account
  readonly secret: DeviceSecret
  readonly logs = new Map<UserId, IdentityLog>()
  readonly prekeysOf = new Map<DeviceId, Prekey>()
  prekeys: readonly OwnPrekey[] = []
  state!: ConversationState
  /** What was written here, in order: its chain. */
  readonly chain: Envelope[] = []

  constructor(account: Account = createAccount(suite, random, START), secret: DeviceSecret = account.device) {
    this.account = account
    this.secret = secret
    this.logs.set(account.user, account.log)
    this.renew(START)
  }

  get user(): UserId {
    return this.account.user
  }

  get device(): DeviceId {
    return this.secret.device
  }

  renew(now: number): void {
    const owner = { user: this.user, device: this.device, key: this.secret.signingKey }
    this.prekeys = renewPrekeys(suite, random, owner, this.prekeys, now)
  }

  get newest(): Uint8Array {
    return (this.prekeys.at(-1) as OwnPrekey).bytes
  }

  /** Learns who another is, and by default where to seal to it. */
  meet(other: Party, prekey = true): this {
    this.logs.set(other.user, other.account.log)
    const read = readPrekey(suite, other.newest)
    if (prekey && read.ok) this.prekeysOf.set(other.device, read.value)
    return this
  }

  get writer(): ConversationWriter {
    return {
      suite,
      random,
      user: this.user,
      device: this.device,
      key: this.secret.signingKey,
      prekeys: this.prekeys,
      directory: { log: user => this.logs.get(user), prekey: device => this.prekeysOf.get(device) }
    }
  }

  /** Another device of the same person. */
  another(): Party {
    const device = createDevice(suite, random)
    appendDevice(suite, this.account.log, this.account.device, device, { manage: false })
    return new Party(this.account, device)
  }

  say(body: Body | string, now: number): readonly Written[] {
    const written = write(this.writer, this.state, typeof body === 'string' ? text(body) : body, now)
    this.keep(written)
    return written
  }

  keep(written: readonly Written[]): void {
    this.chain.push(...written.map(each => each.envelope))
  }

  /** Takes all of another's chain that is still missing; gives what became of each. */
  hear(other: Party, now: number): readonly Taken[] {
    const from = this.state.chains.get(other.device)?.seq ?? 0
    return other.chain.slice(from).map(envelope => {
      const taken = takeEnvelope(this.writer, this.state, other.device, envelope, now)
      if (!taken.ok) throw new Error(`${taken.rule}: ${taken.reason}`)
      return taken.value
    })
  }
}

/** Texts of what was taken, in order; `null` for what could not be opened. */
export function heardTexts(taken: readonly Taken[]): readonly (string | null)[] {
  return taken.flatMap(each => {
    if (each.kind !== 'taken') return []
    if (each.opened.kind === 'sealed') return [null]
    return each.opened.kind === 'content' && each.opened.content.kind === 'message'
      ? [each.opened.content.text]
      : []
  })
}

/** A conversation that all of these hold, and whose people know each other. */
export function together(...parties: readonly Party[]): void {
  const [first] = parties as readonly [Party]
  const users = parties.map(each => each.user)
  const genesis = createConversation(suite, random, first.secret.signingKey, users)
  const secret = random.bytes(32)
  for (const each of parties) {
    each.state = emptyState(genesis, secret)
    for (const other of parties) if (other !== each) each.meet(other)
  }
}
