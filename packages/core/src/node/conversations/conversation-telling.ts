/** What a device is told (DM6): the conversations both are in, what is held of them, and what it lacks. */
import type { ConversationId, DeviceId, UserId } from '../../base/index.ts'
import {
  CHAINS_MAX,
  type Chains,
  ITEMS_BYTES_MAX,
  ITEMS_MAX,
  PREKEYS_MAX,
  sealHello
} from '../../conversation/index.ts'
import { encodeIdentityLog } from '../../identity/index.ts'
import type { NodeInit } from '../contract.ts'
import type { ConversationCore } from './conversation-core.ts'
import type { Held } from './conversation-store.ts'
import type { ConversationSession } from './conversation-streams.ts'
import { conversationEnvelopeTable } from './conversation-tables.ts'

/** Bytes of E and one box: what a hello is, where the prekey can be sealed to (CR4). */
const HELLO_BYTES = 96

export class ConversationTelling {
  readonly #core: ConversationCore
  readonly #node: Pick<NodeInit, 'suite' | 'random'>

  constructor(core: ConversationCore, node: Pick<NodeInit, 'suite' | 'random'>) {
    this.#core = core
    this.#node = node
  }

  /** Tells of every conversation that both are in, once the other has a prekey (DM6). */
  tell(session: ConversationSession): void {
    const { user } = session
    const prekey = this.#core.contacts.prekey(session.device)
    if (user === undefined || prekey === undefined) return
    for (const held of this.#core.shared(user)) {
      const { genesis, topicSecret, left } = held.state
      if (session.told.has(genesis.id) || left.has(user)) continue
      session.told.add(genesis.id)
      for (const each of genesis.users) {
        const log = each === this.#core.user ? undefined : this.#core.contacts.log(each)
        if (log !== undefined && each !== user) session.send({ kind: 'log', log: encodeIdentityLog(log) })
      }
      session.send({ kind: 'prekeys', prekeys: this.#prekeysOf(held) })
      const { suite, random } = this.#node
      const boxes = sealHello(suite, random, genesis, prekey, topicSecret)
      if (boxes.length === HELLO_BYTES) session.send({ kind: 'conversation', genesis: genesis.bytes, boxes })
      this.have(session, held)
    }
  }

  #prekeysOf({ state }: Held): readonly Uint8Array[] {
    const { contacts, prekeys } = this.#core
    const others = state.genesis.users.flatMap(user =>
      (contacts.log(user)?.state().devices ?? []).flatMap(
        ({ device }) => contacts.prekey(device)?.bytes ?? []
      )
    )
    return [...prekeys.slice(-1).map(each => each.bytes), ...others].slice(0, PREKEYS_MAX)
  }

  /** Tells what is held of one (DM6). */
  have(session: ConversationSession, { state }: Held): void {
    const chains: Chains = [...state.chains]
      .map(([device, { seq }]) => ({ device, seq }))
      .slice(0, CHAINS_MAX)
    session.send({ kind: 'have', conversation: state.genesis.id, chains })
  }

  /** Sends what the other lacks, chain by chain (DM6). */
  async send(session: ConversationSession, id: ConversationId): Promise<void> {
    const held = this.#core.of(session.user, id)
    const theirs = session.theirs.get(id)
    if (held === undefined || theirs === undefined || session.over) return
    const { state } = held
    if (state.left.has(session.user as UserId)) return
    for (const [device, { seq }] of state.chains) {
      // Who left passes on what its own devices wrote, and no more.
      if (state.left.has(this.#core.user) && this.#core.contacts.userOf(device) !== this.#core.user) continue
      const from = theirs.get(device) ?? 0
      if (from >= seq || device === session.device) continue
      theirs.set(device, seq)
      await this.#sendChain(session, id, device, from + 1, seq)
    }
  }

  async #sendChain(
    session: ConversationSession,
    id: ConversationId,
    device: DeviceId,
    from: number,
    to: number
  ): Promise<void> {
    let items: { stub: boolean; bytes: Uint8Array }[] = []
    let size = 0
    const flush = (): void => {
      if (items.length > 0) session.send({ kind: 'items', conversation: id, device, items })
      items = []
      size = 0
    }
    const table = this.#core.database.table(conversationEnvelopeTable)
    for await (const { value } of table.scan({ prefix: [id, device], from, to: to + 1 })) {
      if (items.length >= ITEMS_MAX || size + value.bytes.length > ITEMS_BYTES_MAX) flush()
      items.push({ stub: value.stub, bytes: value.bytes })
      size += value.bytes.length
    }
    flush()
  }
}
