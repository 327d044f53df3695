/** Conversations between memory and tables: loading, staging what was taken, erasing what is over. */
import type { ConversationId, DeviceId, KeyId, MessageId, UserId } from '../../base/index.ts'
import {
  type Content,
  type ConversationState,
  emptyState,
  type EpochState,
  type OwnPrekey,
  readConversation,
  type Taken
} from '../../conversation/index.ts'
import type { Suite } from '../../crypto/index.ts'
import { encodeStub, type Envelope, type EnvelopeStub, readEnvelope } from '../../graph/index.ts'
import type { Batch, Database } from '../../store/index.ts'
import type { ConversationMessage } from './conversation-contract.ts'
import {
  conversationChainTable,
  conversationEnvelopeTable,
  conversationExpiryTable,
  conversationHaveTable,
  conversationKeyTable,
  type ConversationMessageRow,
  conversationMessageTable,
  conversationPlaceTable,
  conversationTable,
  ownPrekeyTable
} from './conversation-tables.ts'
import type { EventRecord } from '../event-log.ts'

/** One conversation in memory. */
export interface Held {
  state: ConversationState
  readonly since: number
  /** What each other device said last that it has. */
  readonly haves: Map<DeviceId, ReadonlyMap<DeviceId, number>>
}

/** One row of an `items` frame. */
export interface Item {
  readonly stub: boolean
  readonly bytes: Uint8Array
}

/** An envelope taken, with where it came to stand. */
export interface TakenEnvelope {
  readonly device: DeviceId
  readonly stub: EnvelopeStub
  /** undefined: only the stub came. */
  readonly envelope: Envelope | undefined
  readonly taken: Extract<Taken, { kind: 'taken' }>
}

const nullableId = <Id extends string>(id: string | null): Id | null => id as Id | null

/** Reads every conversation; a row that no longer reads is passed over, as nothing can be done with it. */
export async function loadConversations(
  suite: Suite,
  database: Database
): Promise<Map<ConversationId, Held>> {
  const all = new Map<ConversationId, Held>()
  for await (const { value } of database.table(conversationTable).scan()) {
    const genesis = readConversation(suite, value.genesis)
    if (!genesis.ok) continue
    const state = emptyState(genesis.value, value.topicSecret)
    for (const user of value.left) state.left.add(user as UserId)
    state.lifetime = {
      seconds: value.seconds,
      at: value.lifetimeAt,
      by: nullableId<MessageId>(value.lifetimeBy)
    }
    const held: Held = { state, since: value.since, haves: new Map() }
    const prefix: [ConversationId] = [genesis.value.id]
    for await (const { value: row } of database.table(conversationChainTable).scan({ prefix }))
      state.chains.set(row.device as DeviceId, { seq: row.seq, idBytes: row.id })
    const keys: EpochState[] = []
    for await (const { value: row } of database.table(conversationKeyTable).scan({ prefix }))
      keys.push({ ...row, keyId: row.keyId as KeyId, author: row.author as DeviceId })
    for (const key of keys.sort((a, b) => a.since - b.since)) state.epochs.set(key.keyId, key)
    for await (const { value: row } of database.table(conversationHaveTable).scan({ prefix }))
      held.haves.set(
        row.device as DeviceId,
        new Map(row.chains.map(each => [each.device as DeviceId, each.seq]))
      )
    all.set(genesis.value.id, held)
  }
  return all
}

/** Stages the conversation's own row. */
export function putConversation(
  batch: Batch,
  { genesis, topicSecret, left, lifetime }: ConversationState,
  since: number
): void {
  batch.put(conversationTable, [genesis.id], {
    version: 1,
    genesis: genesis.bytes,
    topicSecret,
    left: [...left],
    seconds: lifetime.seconds,
    lifetimeAt: lifetime.at,
    lifetimeBy: lifetime.by,
    since
  })
}

/** Stages keys as they are now. */
export function putKeys(batch: Batch, id: ConversationId, epochs: readonly EpochState[]): void {
  for (const epoch of epochs) {
    const { keyId, author, commit, seed, since, replacedAt, used, boxed } = epoch
    const row = { version: 1 as const, keyId, author, commit, seed, since, replacedAt, used, boxed }
    batch.put(conversationKeyTable, [id, keyId], row)
  }
}

/** Stages a place in a chain. */
export function putEnvelope(batch: Batch, id: ConversationId, each: TakenEnvelope, now: number): void {
  const { device, stub, envelope, taken } = each
  batch.put(conversationEnvelopeTable, [id, device, stub.seq], {
    version: 1,
    stub: envelope === undefined,
    sealed: taken.opened.kind === 'sealed' ? taken.opened.keyId : null,
    receivedAt: now,
    bytes: envelope?.bytes ?? encodeStub(stub)
  })
  batch.put(conversationChainTable, [id, device], {
    version: 1,
    device,
    seq: stub.seq,
    id: stub.idBytes.slice()
  })
  putKeys(batch, id, taken.epochs)
}

/** What a message is and who said it. */
export interface Said {
  readonly id: ConversationId
  readonly user: UserId
  readonly device: DeviceId
  readonly message: MessageId
  readonly seq: number
  /** Its author's clock. */
  readonly at: number
  readonly receivedAt: number
}

/** What reading and writing rows takes. */
export interface Rows {
  readonly suite: Suite
  readonly database: Database
}

/** Stages what an envelope says; gives the events it makes. What it is about must be committed. */
export async function putContent(
  rows: Rows,
  batch: Batch,
  said: Said,
  content: Content
): Promise<readonly EventRecord[]> {
  const { id, message, user } = said
  const event = (type: string, ref: string): EventRecord => ({
    type,
    server: id,
    refs: [ref, user],
    note: null
  })
  switch (content.kind) {
    case 'message':
      putMessage(batch, said, content)
      return [event('conversation:message', message)]
    case 'edit': {
      const row = await findMessage(rows.database, id, content.message)
      if (row === undefined || row.user !== user) return []
      batch.put(conversationMessageTable, [id, row.at, content.message], {
        ...row,
        text: content.text,
        edited: true
      })
      return [event('conversation:message', content.message)]
    }
    case 'delete': {
      const row = await findMessage(rows.database, id, content.message)
      if (row === undefined || row.user !== user) return []
      await eraseMessage(rows, batch, id, row)
      return [event('conversation:delete', content.message)]
    }
    default:
      return [event('conversation:update', id)]
  }
}

function putMessage(
  batch: Batch,
  { id, message, user, device, seq, at, receivedAt }: Said,
  content: Extract<Content, { kind: 'message' }>
): void {
  const placed = Math.min(at, receivedAt)
  const expiresAt = content.lifetime === 0 ? null : receivedAt + content.lifetime * 1_000
  batch.put(conversationMessageTable, [id, placed, message], {
    version: 1,
    id: message,
    user,
    device,
    seq,
    at: placed,
    text: content.text,
    replyTo: content.replyTo,
    edited: false,
    expiresAt
  })
  batch.put(conversationPlaceTable, [id, message], { version: 1, at: placed })
  if (expiresAt !== null)
    batch.put(conversationExpiryTable, [expiresAt, message], { version: 1, conversation: id, message })
}

/** A message by its id. */
export async function findMessage(
  database: Database,
  id: ConversationId,
  message: MessageId
): Promise<ConversationMessageRow | undefined> {
  const place = await database.table(conversationPlaceTable).get([id, message])
  return place === undefined
    ? undefined
    : await database.table(conversationMessageTable).get([id, place.at, message])
}

/** Stages the erasing of a message: its text, and the body of its envelope (DM10). */
export async function eraseMessage(
  rows: Rows,
  batch: Batch,
  id: ConversationId,
  row: ConversationMessageRow
): Promise<void> {
  const message = row.id as MessageId
  const device = row.device as DeviceId
  batch.delete(conversationMessageTable, [id, row.at, message])
  batch.delete(conversationPlaceTable, [id, message])
  if (row.expiresAt !== null) batch.delete(conversationExpiryTable, [row.expiresAt, message])
  await eraseBody(rows, batch, id, device, row.seq)
}

async function eraseBody(
  { suite, database }: Rows,
  batch: Batch,
  id: ConversationId,
  device: DeviceId,
  seq: number
): Promise<void> {
  const key = [id, device, seq] as const
  const held = await database.table(conversationEnvelopeTable).get(key)
  if (held === undefined || held.stub) return
  const read = readEnvelope(suite, held.bytes)
  if (read.ok)
    batch.put(conversationEnvelopeTable, key, {
      ...held,
      stub: true,
      sealed: null,
      bytes: encodeStub(read.value)
    })
}

/** Stages this device's prekeys as they are now; those that are gone are deleted. */
export function putPrekeys(batch: Batch, before: readonly OwnPrekey[], after: readonly OwnPrekey[]): void {
  for (const each of before) if (!after.some(({ n }) => n === each.n)) batch.delete(ownPrekeyTable, [each.n])
  for (const each of after) batch.put(ownPrekeyTable, [each.n], { version: 1, ...each })
}

export async function loadPrekeys(database: Database): Promise<readonly OwnPrekey[]> {
  const held: OwnPrekey[] = []
  for await (const { value } of database.table(ownPrekeyTable).scan()) {
    const { n, madeAt, replacedAt, secret, bytes } = value
    held.push({ n, madeAt, replacedAt, secret, bytes })
  }
  return held
}

/** A row as it is shown. */
export function messageOf(
  id: ConversationId,
  row: ConversationMessageRow,
  deliveredTo: readonly UserId[]
): ConversationMessage {
  return {
    id: row.id as MessageId,
    conversation: id,
    user: row.user as UserId,
    device: row.device as DeviceId,
    at: row.at,
    text: row.text,
    replyTo: nullableId<MessageId>(row.replyTo),
    edited: row.edited,
    expiresAt: row.expiresAt,
    deliveredTo
  }
}
