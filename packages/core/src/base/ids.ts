/**
 * Branded identifiers: one letter of the kind, then lower-case base32hex of the bytes.
 *
 * The brand keeps a channel id out of a role's place at compile time; the letter does the same
 * for people, logs and JSON. Bytes travel on the wire, strings live in memory and in APIs.
 */
import { fromBase32hex, toBase32hex } from './base32hex.ts'

declare const brand: unique symbol
type Id<Kind extends string> = string & { readonly [brand]: Kind }

/** A person: hash of the identity's genesis (ID2). 32 bytes. */
export type UserId = Id<'user'>
/** A device: its Ed25519 public key, also its libp2p PeerId key (ID3). 32 bytes. */
export type DeviceId = Id<'device'>
/** A community: id of its genesis operation (AU2). 32 bytes. */
export type ServerId = Id<'server'>
/** A channel: id of the operation that created it; `meta` has the server's bytes (EK19). 32 bytes. */
export type ChannelId = Id<'channel'>
/** A role: id of the operation that created it; `@everyone` has the server's bytes (AU11). 32 bytes. */
export type RoleId = Id<'role'>
/** An invite: id of the operation that created it. 32 bytes. */
export type InviteId = Id<'invite'>
/** A signed authority operation (AU2). 32 bytes. */
export type OperationId = Id<'operation'>
/** An envelope, and so a message (EN3). 32 bytes. */
export type MessageId = Id<'message'>
/** A sealed blob: Merkle root over its ciphertext. 32 bytes. */
export type BlobId = Id<'blob'>
/** A key record (EK1). 32 bytes. */
export type RecordId = Id<'record'>
/** An epoch, role or bucket key (EK2). 16 bytes. */
export type KeyId = Id<'key'>
/** A conversation outside servers: hash of its genesis (DM1). 32 bytes. */
export type ConversationId = Id<'conversation'>
/** An entry of an identity log (ID4); the genesis goes by the user id's bytes. 32 bytes. */
export type IdentityEntryId = Id<'identityEntry'>

interface IdKinds {
  u: UserId
  d: DeviceId
  s: ServerId
  c: ChannelId
  r: RoleId
  i: InviteId
  o: OperationId
  m: MessageId
  b: BlobId
  k: RecordId
  e: KeyId
  n: IdentityEntryId
  v: ConversationId
}

/** The letter that opens an id of each kind. */
export type IdLetter = keyof IdKinds

const ID_BYTES: Readonly<Record<IdLetter, number>> = {
  u: 32,
  d: 32,
  s: 32,
  c: 32,
  r: 32,
  i: 32,
  o: 32,
  m: 32,
  b: 32,
  k: 32,
  e: 16,
  n: 32,
  v: 32
}

/**
 * Writes bytes as an id of the given kind.
 *
 * @throws RangeError if the length is not the kind's.
 */
export function idFromBytes<L extends IdLetter>(letter: L, bytes: Uint8Array): IdKinds[L] {
  if (bytes.length !== ID_BYTES[letter]) {
    throw new RangeError(`an id of kind "${letter}" has ${ID_BYTES[letter]} bytes, not ${bytes.length}`)
  }
  return recentText(letter, bytes) as IdKinds[L]
}

/** Ids written lately, by their last bits: the operations, keys and parents that messages name recur in each. */
const RECENT = 1_024
const ROOM_BYTES = 32
const recentTexts = new Array<string>(RECENT).fill('')
const recentBytes = new Uint8Array(RECENT * ROOM_BYTES)

/** Text of an id; the very same text where it was written lately, so that maps need not hash it again. */
function recentText(letter: IdLetter, bytes: Uint8Array): string {
  const { length } = bytes
  const slot = (((bytes[length - 2] as number) << 8) | (bytes[length - 1] as number)) & (RECENT - 1)
  const from = slot * ROOM_BYTES
  let same = 0
  while (same < length && recentBytes[from + same] === bytes[same]) same++
  const known = recentTexts[slot] as string
  // A letter belongs to one length, so that a shorter id never passes for the beginning of a longer one.
  if (same === length && known.startsWith(letter)) return known
  recentBytes.set(bytes, from)
  return (recentTexts[slot] = toBase32hex(bytes, letter))
}

/**
 * The bytes an id was made of.
 *
 * @throws RangeError for text that is no id.
 */
export function idToBytes(id: IdKinds[IdLetter]): Uint8Array {
  const bytes = fromBase32hex(id, 1)
  if (bytes === undefined) throw new RangeError('this text is no id')
  return bytes
}

/** Bytes of ids asked for lately. */
const knownBytes = new Map<string, Uint8Array>()

/** As `idToBytes`, for whoever only reads them: the same array each time. Never change it or pass it on. */
export function readIdBytes(id: IdKinds[IdLetter]): Uint8Array {
  let bytes = knownBytes.get(id)
  if (bytes === undefined) {
    if (knownBytes.size >= RECENT) knownBytes.clear()
    knownBytes.set(id, (bytes = idToBytes(id)))
  }
  return bytes
}

/**
 * Reads text that claims to be an id of the given kind: letter, alphabet, length and canonical form.
 *
 * @returns The id, or undefined if the text is anything else.
 */
export function parseId<L extends IdLetter>(letter: L, text: string): IdKinds[L] | undefined {
  if (text.length !== 1 + Math.ceil((ID_BYTES[letter] * 8) / 5) || text[0] !== letter) return undefined
  return fromBase32hex(text, 1) === undefined ? undefined : (text as IdKinds[L])
}

/**
 * The same bytes under another kind's letter. Objects are named by their creating operation (AU11),
 * so an operation id becomes a channel, role or invite id, and a server id the id of `@everyone`
 * and of the channel `meta`.
 */
export function idAs<L extends IdLetter>(letter: L, id: IdKinds[IdLetter]): IdKinds[L] {
  return (letter + id.slice(1)) as IdKinds[L]
}

/** Ascending bytewise order of two ids of one kind: base32hex keeps the order of the bytes. */
export function compareIds(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
