/** Tables of conversations and of the people one knows (ND43). Names and ids are hidden in keys, times stay clear (KS7). */
import {
  type ConversationId,
  type DeviceId,
  ENVELOPE_BYTES_MAX,
  type KeyId,
  type MessageId,
  type UserId
} from '../../base/index.ts'
import {
  array,
  bool,
  bytes,
  type Codec,
  codec,
  literal,
  nullable,
  type Schema,
  text,
  tuple,
  uint
} from '../../encoding/index.ts'
import { IDENTITY_LOG_BYTES_MAX } from '../../identity/index.ts'
import { type AnyTable, defineTable, hiddenId, sortNumber } from '../../store/index.ts'

function versioned<T>(fields: Readonly<Record<string, Schema<unknown>>>): Codec<T> {
  return codec(tuple({ version: literal(1), ...fields }), { rule: 'ND43' }) as unknown as Codec<T>
}
const id = text(80)

export interface ConversationRow {
  readonly version: 1
  readonly genesis: Uint8Array
  readonly topicSecret: Uint8Array
  readonly left: readonly string[]
  readonly seconds: number
  readonly lifetimeAt: number
  readonly lifetimeBy: string | null
  /** When it came to this device, ms. */
  readonly since: number
}
export const conversationTable = defineTable({
  name: 'conversations',
  schema: 1,
  key: [hiddenId<ConversationId>()] as const,
  value: versioned<ConversationRow>({
    genesis: bytes(1, 1_024),
    topicSecret: bytes(32),
    left: array(id, 10),
    seconds: uint(),
    lifetimeAt: uint(),
    lifetimeBy: nullable(id),
    since: uint()
  })
})

export interface ConversationChainRow {
  readonly version: 1
  readonly device: string
  readonly seq: number
  readonly id: Uint8Array
}
export const conversationChainTable = defineTable({
  name: 'conversation-chains',
  schema: 1,
  key: [hiddenId<ConversationId>(), hiddenId<DeviceId>()] as const,
  value: versioned<ConversationChainRow>({ device: id, seq: uint(), id: bytes(32) })
})

export interface ConversationKeyRow {
  readonly version: 1
  readonly keyId: string
  readonly author: string
  readonly commit: Uint8Array
  readonly seed: Uint8Array | null
  readonly since: number
  readonly replacedAt: number | null
  readonly used: number
  readonly boxed: readonly string[]
}
export const conversationKeyTable = defineTable({
  name: 'conversation-keys',
  schema: 1,
  key: [hiddenId<ConversationId>(), hiddenId<KeyId>()] as const,
  value: versioned<ConversationKeyRow>({
    keyId: id,
    author: id,
    commit: bytes(32),
    seed: nullable(bytes(32)),
    since: uint(),
    replacedAt: nullable(uint()),
    used: uint(),
    boxed: array(text(32), 640)
  })
})

export interface ConversationEnvelopeRow {
  readonly version: 1
  readonly stub: boolean
  /** Set while no key opens it. */
  readonly sealed: string | null
  readonly receivedAt: number
  readonly bytes: Uint8Array
}
export const conversationEnvelopeTable = defineTable({
  name: 'conversation-envelopes',
  schema: 1,
  key: [hiddenId<ConversationId>(), hiddenId<DeviceId>(), sortNumber()] as const,
  value: versioned<ConversationEnvelopeRow>({
    stub: bool,
    sealed: nullable(id),
    receivedAt: uint(),
    bytes: bytes(1, ENVELOPE_BYTES_MAX)
  })
})

/** A message as it is shown. */
export interface ConversationMessageRow {
  readonly version: 1
  readonly id: string
  readonly user: string
  readonly device: string
  readonly seq: number
  /** Its author's clock, at most when it came: its place in the history. */
  readonly at: number
  readonly text: string
  readonly replyTo: string | null
  readonly edited: boolean
  readonly expiresAt: number | null
}
export const conversationMessageTable = defineTable({
  name: 'conversation-messages',
  schema: 1,
  key: [hiddenId<ConversationId>(), sortNumber(), hiddenId<MessageId>()] as const,
  value: versioned<ConversationMessageRow>({
    id,
    user: id,
    device: id,
    seq: uint(),
    at: uint(),
    text: text(8_000),
    replyTo: nullable(id),
    edited: bool,
    expiresAt: nullable(uint())
  })
})

/** Where a message stands in its history. */
export const conversationPlaceTable = defineTable({
  name: 'conversation-places',
  schema: 1,
  key: [hiddenId<ConversationId>(), hiddenId<MessageId>()] as const,
  value: versioned<{ readonly version: 1; readonly at: number }>({ at: uint() })
})

/** What is to be erased when (DM10). */
export interface ConversationExpiryRow {
  readonly version: 1
  readonly conversation: string
  readonly message: string
}
export const conversationExpiryTable = defineTable({
  name: 'conversation-expiries',
  schema: 1,
  key: [sortNumber(), hiddenId<MessageId>()] as const,
  value: versioned<ConversationExpiryRow>({ conversation: id, message: id })
})

/** What a device said last that it has (DM6). */
export interface ConversationHaveRow {
  readonly version: 1
  readonly device: string
  readonly chains: readonly { readonly device: string; readonly seq: number }[]
}
export const conversationHaveTable = defineTable({
  name: 'conversation-haves',
  schema: 1,
  key: [hiddenId<ConversationId>(), hiddenId<DeviceId>()] as const,
  value: versioned<ConversationHaveRow>({
    device: id,
    chains: array(tuple({ device: id, seq: uint() }), 320)
  })
})

/** Somebody one knows beside servers. */
export interface ContactRow {
  readonly version: 1
  readonly user: string
  /** As `encodeIdentityLog` writes it; null where only the user id is known. */
  readonly log: Uint8Array | null
  readonly places: readonly { readonly device: string; readonly addresses: readonly string[] }[]
  readonly blocked: boolean
  /** When its owner said that the numbers are the same (ID14), ms; null: never. */
  readonly verifiedAt: number | null
  /** Devices known then; null where none were known yet. */
  readonly verifiedDevices: readonly string[] | null
}
export const contactTable = defineTable({
  name: 'contacts',
  schema: 1,
  key: [hiddenId<UserId>()] as const,
  value: versioned<ContactRow>({
    user: id,
    log: nullable(bytes(1, IDENTITY_LOG_BYTES_MAX + 4_096)),
    places: array(tuple({ device: id, addresses: array(text(256), 8) }), 64),
    blocked: bool,
    verifiedAt: nullable(uint()),
    verifiedDevices: nullable(array(id, 64))
  })
})

/** The newest prekey of a device (DM3). */
export const prekeyTable = defineTable({
  name: 'prekeys',
  schema: 1,
  key: [hiddenId<DeviceId>()] as const,
  value: versioned<{ readonly version: 1; readonly bytes: Uint8Array }>({ bytes: bytes(1, 256) })
})

/** Prekeys of this device with their secrets. */
export interface OwnPrekeyRow {
  readonly version: 1
  readonly n: number
  readonly madeAt: number
  readonly replacedAt: number | null
  readonly secret: Uint8Array
  readonly bytes: Uint8Array
}
export const ownPrekeyTable = defineTable({
  name: 'own-prekeys',
  schema: 1,
  key: [sortNumber()] as const,
  value: versioned<OwnPrekeyRow>({
    n: uint(),
    madeAt: uint(),
    replacedAt: nullable(uint()),
    secret: bytes(32),
    bytes: bytes(1, 256)
  })
})

/** What DM3 and DM10 erase must leave the files too. */
export const ERASED_TABLES: readonly AnyTable[] = [
  conversationEnvelopeTable,
  conversationMessageTable,
  conversationKeyTable,
  ownPrekeyTable
]

export const conversationTables: readonly AnyTable[] = [
  conversationTable,
  conversationChainTable,
  conversationKeyTable,
  conversationEnvelopeTable,
  conversationMessageTable,
  conversationPlaceTable,
  conversationExpiryTable,
  conversationHaveTable,
  contactTable,
  prekeyTable,
  ownPrekeyTable
]
