/**
 * Every table of a profile's database (ND3), except the timeline's own. Keys hide names and ids, sort numbers
 * stay clear (KS7); values carry the ids they need.
 */
import {
  type ChannelId,
  ENVELOPE_BYTES_MAX,
  KEY_RECORD_BYTES_MAX,
  type DeviceId,
  type InviteId,
  type KeyId,
  type MessageId,
  OPERATION_BYTES_MAX,
  type OperationId,
  type ServerId,
  type UserId
} from '../../base/index.ts'
import {
  type Codec,
  array,
  bool,
  bytes,
  codec,
  literal,
  nullable,
  type Schema,
  text,
  tuple,
  uint
} from '../../encoding/index.ts'
import { type AnyTable, defineTable, hiddenId, hiddenText, sortNumber } from '../../store/index.ts'
import { BLOB_TABLES } from '../files/blob-tables.ts'
import { type DeliveryBlock, deliveryBlockFields } from './delivery-block.ts'
import { eventTable } from '../event-log.ts'

/** Every value opens with its version. */
function versioned<F extends Readonly<Record<string, Schema<unknown>>>>(
  fields: F
): ReturnType<typeof codec<unknown>> {
  return codec(tuple({ version: literal(1), ...fields }), { rule: 'ND3' })
}

const id = text(80)

/** A server this profile is, was or is becoming a member of. */
export interface ServerRow {
  readonly version: 1
  readonly server: string
  /**
   * joining: the join is not part of the state yet; leaving: we left, and nobody is known to have heard it, or others put us out,
   * which may still fall (ND40); left: kept for those who ask, shown nowhere; imported: read from a file (SX11), shown, and no part of the network.
   */
  readonly status: 'joining' | 'member' | 'left' | 'imported' | 'leaving'
  /** Invite secret it is being joined with; null afterwards. */
  readonly inviteSecret: Uint8Array | null
  /** Addresses that the link named. */
  readonly addresses: readonly string[]
}
const STATUS: readonly ServerRow['status'][] = ['joining', 'member', 'left', 'imported', 'leaving']
const status: Schema<ServerRow['status']> = {
  read: (value, path) => STATUS[uint(STATUS.length - 1).read(value, path)] as ServerRow['status'],
  write: value => STATUS.indexOf(value)
}
export const serverTable = defineTable({
  name: 'servers',
  schema: 1,
  key: [hiddenId<ServerId>()] as const,
  value: versioned({
    server: id,
    status,
    inviteSecret: nullable(bytes(16)),
    addresses: array(text(400), 16)
  }) as Codec<ServerRow>
})

/** A chunk of 64 KiB, a list of 500, or the losses that one frontier did not know (AU58, EK20). */
const SNAPSHOT_PIECE_BYTES_MAX = 200_000

/** Bytes in order of acceptance, so that loading never meets an operation before its past. */
export interface BytesRow {
  readonly version: 1
  readonly bytes: Uint8Array
}
export const operationTable = defineTable({
  name: 'operations',
  schema: 1,
  key: [hiddenId<ServerId>(), sortNumber()] as const,
  value: versioned({ bytes: bytes(1, OPERATION_BYTES_MAX + 128) }) as Codec<BytesRow>
})
/** A piece of the peer's own snapshot (ND24), in order. */
export interface SnapshotRow extends BytesRow {
  readonly part: number
}
export const snapshotTable = defineTable({
  name: 'snapshots',
  schema: 1,
  key: [hiddenId<ServerId>(), sortNumber()] as const,
  value: versioned({ part: uint(255), bytes: bytes(1, SNAPSHOT_PIECE_BYTES_MAX) }) as Codec<SnapshotRow>
})

/** The snapshot that is served to who enters (ND26): the operation that published it, and its chunks. */
export const publishedTable = defineTable({
  name: 'published-snapshots',
  schema: 1,
  key: [hiddenId<ServerId>(), sortNumber()] as const,
  value: versioned({ part: uint(255), bytes: bytes(1, SNAPSHOT_PIECE_BYTES_MAX) }) as Codec<SnapshotRow>
})

/** Published snapshots that were found false (AU60), and who signed them. */
export interface FalseSnapshotRow {
  readonly version: 1
  readonly operation: string
  readonly device: string
  readonly user: string | null
}
export const falseSnapshotTable = defineTable({
  name: 'false-snapshots',
  schema: 1,
  key: [hiddenId<ServerId>(), hiddenId<OperationId>()] as const,
  value: versioned({ operation: id, device: id, user: nullable(id) }) as Codec<FalseSnapshotRow>
})

/** Our join where it was signed before its past was here (ND26): a second one would fork our chain. */
export interface OwnJoinRow extends BytesRow {
  /** From the invite's package: by it others know us until we have keys. */
  readonly topicSecret: Uint8Array | null
}
export const ownJoinTable = defineTable({
  name: 'own-joins',
  schema: 1,
  key: [hiddenId<ServerId>()] as const,
  value: versioned({
    bytes: bytes(1, OPERATION_BYTES_MAX + 128),
    topicSecret: nullable(bytes(32))
  }) as Codec<OwnJoinRow>
})

/** A key record and when this device first saw it: ages keys, retires topics. */
export interface RecordRow extends BytesRow {
  readonly receivedAt: number
}
export const recordTable = defineTable({
  name: 'key-records',
  schema: 1,
  key: [hiddenId<ServerId>(), sortNumber()] as const,
  value: versioned({ receivedAt: uint(), bytes: bytes(1, KEY_RECORD_BYTES_MAX + 128) }) as Codec<RecordRow>
})

/** Opened seeds of the key ring, as e2ee encodes them. */
export const seedTable = defineTable({
  name: 'key-seeds',
  schema: 1,
  key: [hiddenId<ServerId>(), hiddenId<KeyId>()] as const,
  value: versioned({ bytes: bytes(1, 4_096) }) as Codec<BytesRow>
})

/** What became of a stored envelope. */
export type EnvelopeStatus = 'opened' | 'sealed' | 'waiting' | 'refused'
const ENVELOPE_STATUS: readonly EnvelopeStatus[] = ['opened', 'sealed', 'waiting', 'refused']
export interface EnvelopeRow {
  readonly version: 1
  /** opened: part of the projections; sealed: no key yet; waiting: operations of its frontier are missing; refused: kept for its chain. */
  readonly status: EnvelopeStatus
  /** Where it was written, once opened: who may not view it gets a stub. */
  readonly channel: string | null
  /** EN3: bytes are a stub, the body is not held. */
  readonly stub: boolean
  readonly bytes: Uint8Array
}
const envelopeStatus: Schema<EnvelopeStatus> = {
  read: (value, path) => ENVELOPE_STATUS[uint(3).read(value, path)] as EnvelopeStatus,
  write: value => ENVELOPE_STATUS.indexOf(value)
}
/** Author chains: one device's envelopes by sequence; a fork is two rows of one number. */
export const envelopeTable = defineTable({
  name: 'envelopes',
  schema: 1,
  key: [hiddenId<ServerId>(), hiddenId<DeviceId>(), sortNumber(), hiddenId<MessageId>()] as const,
  value: versioned({
    status: envelopeStatus,
    channel: nullable(id),
    stub: bool,
    bytes: bytes(1, ENVELOPE_BYTES_MAX)
  }) as Codec<EnvelopeRow>
})

/** What is said about a message beside its sending (edits, deletions, reactions, pins), by the time it claims. */
export interface ActRow {
  readonly version: 1
  readonly id: string
  readonly device: string
  readonly seq: number
  /** The message it is about. */
  readonly target: string
}
export const actTable = defineTable({
  name: 'acts',
  schema: 1,
  key: [hiddenId<ServerId>(), sortNumber(), hiddenId<MessageId>()] as const,
  value: versioned({ id, device: id, seq: uint(), target: id }) as Codec<ActRow>
})

/** An envelope that waits for a key or for operations, so that neither is found only by reading everything. */
export interface PendingRow {
  readonly version: 1
  readonly id: string
  readonly device: string
  readonly seq: number
  /** Key it waits for; null where it waits for operations. */
  readonly keyId: string | null
  readonly operations: readonly string[]
}
export const pendingTable = defineTable({
  name: 'pending',
  schema: 1,
  key: [hiddenId<ServerId>(), hiddenId<MessageId>()] as const,
  value: versioned({
    id,
    device: id,
    seq: uint(),
    keyId: nullable(id),
    operations: array(id, 64)
  }) as Codec<PendingRow>
})

/** Where a device's chain stands, so that opening a profile reads one row a device. */
export interface ChainRow {
  readonly version: 1
  readonly device: string
  /** As the graph's author chain encodes itself. */
  readonly chain: Uint8Array
  /** As sync's index encodes it. */
  readonly index: Uint8Array
  /** Latest time the author claimed: its chain never goes back (AU34). */
  readonly at: number
}
export const chainTable = defineTable({
  name: 'chains',
  schema: 1,
  key: [hiddenId<ServerId>(), hiddenId<DeviceId>()] as const,
  value: versioned({
    device: id,
    chain: bytes(0, 65_536),
    index: bytes(0, 65_536),
    at: uint()
  }) as Codec<ChainRow>
})

/** Newest signed profile of each user of a server. */
export const profileTable = defineTable({
  name: 'profiles',
  schema: 1,
  key: [hiddenId<ServerId>(), hiddenId<UserId>()] as const,
  value: versioned({ bytes: bytes(1, 8_192) }) as Codec<BytesRow>
})

/** EK19: the newest title of each channel that has a sealed one, as it was signed. */
export const channelNameTable = defineTable({
  name: 'channel-names',
  schema: 1,
  key: [hiddenId<ServerId>(), hiddenId<ChannelId>()] as const,
  value: versioned({ bytes: bytes(1, 8_192) }) as Codec<BytesRow>
})

/** IV4: what members need to answer for an invite that asks. */
export interface AskRow {
  readonly version: 1
  readonly invite: string
  readonly linkBox: Uint8Array
  readonly askSecret: Uint8Array
}
export const askTable = defineTable({
  name: 'asks',
  schema: 1,
  key: [hiddenId<ServerId>(), hiddenId<InviteId>()] as const,
  value: versioned({ invite: id, linkBox: bytes(32), askSecret: bytes(32) }) as Codec<AskRow>
})

const STANDINGS = ['waiting', 'refused', 'accepted'] as const
/** IV4: the newest request of each user, and what they were told. */
export interface JoinRequestRow {
  readonly version: 1
  readonly bytes: Uint8Array
  readonly standing: (typeof STANDINGS)[number]
  readonly answer: Uint8Array | null
  readonly by: string | null
  readonly answeredAt: number
}
const standing: Schema<JoinRequestRow['standing']> = {
  read: (value, path) =>
    STANDINGS[uint(STANDINGS.length - 1).read(value, path)] as JoinRequestRow['standing'],
  write: value => STANDINGS.indexOf(value)
}
export const joinRequestTable = defineTable({
  name: 'join-requests',
  schema: 1,
  key: [hiddenId<ServerId>(), hiddenId<UserId>()] as const,
  value: versioned({
    bytes: bytes(1, 4_096),
    standing,
    answer: nullable(bytes(96)),
    by: nullable(id),
    answeredAt: uint()
  }) as Codec<JoinRequestRow>
})

/** Secrets of invites made here. */
export interface InviteRow {
  readonly version: 1
  readonly invite: string
  readonly link: string
}
export const inviteTable = defineTable({
  name: 'invites',
  schema: 1,
  key: [hiddenId<ServerId>(), hiddenId<InviteId>()] as const,
  value: versioned({ invite: id, link: text(4_096) }) as Codec<InviteRow>
})

/** Delivery levels proven for what this profile sent (SY17), by blocks of its own sequence numbers. */
export interface DeliveryRow extends DeliveryBlock {
  readonly version: 1
}
export const deliveryTable = defineTable({
  name: 'delivery-blocks',
  schema: 1,
  key: [hiddenId<ServerId>(), sortNumber()] as const,
  value: versioned(deliveryBlockFields) as Codec<DeliveryRow>,
  cacheRows: 64
})

/** SY18: own envelopes up to this sequence number need not be offered any more. */
export interface OutboxRow {
  readonly version: 1
  readonly settledTo: number
}
export const outboxTable = defineTable({
  name: 'outbox',
  schema: 1,
  key: [hiddenId<ServerId>()] as const,
  value: versioned({ settledTo: uint() }) as Codec<OutboxRow>
})

/** Addresses that worked, newest first (NT9). */
export interface AddressRow {
  readonly version: 1
  readonly device: string
  readonly addresses: readonly string[]
  readonly at: number
}
export const addressTable = defineTable({
  name: 'addresses',
  schema: 1,
  key: [hiddenId<ServerId>(), hiddenId<DeviceId>()] as const,
  value: versioned({ device: id, addresses: array(text(400), 16), at: uint() }) as Codec<AddressRow>
})

/** Single values of the profile by name. */
export const settingTable = defineTable({
  name: 'settings',
  schema: 1,
  key: [hiddenText()] as const,
  value: versioned({ bytes: bytes(0, 65_536) }) as Codec<BytesRow>
})

/** Version of the whole database. */
export const DATABASE_SCHEMA = 1

/** All tables of node itself. */
export const nodeTables: readonly AnyTable[] = [
  actTable,
  channelNameTable,
  serverTable,
  operationTable,
  recordTable,
  seedTable,
  snapshotTable,
  publishedTable,
  falseSnapshotTable,
  ownJoinTable,
  envelopeTable,
  pendingTable,
  chainTable,
  profileTable,
  inviteTable,
  askTable,
  joinRequestTable,
  deliveryTable,
  outboxTable,
  addressTable,
  settingTable,
  eventTable,
  ...BLOB_TABLES
]
