/** Invite links (IV1): what people paste. The secret stays in the fragment, which no host is sent. */
import { accept, idAs, idToBytes, refuse, type Refusal, type ServerId, type UserId } from '../base/index.ts'
import { signJoin } from '../authority/index.ts'
import { kdf, type SecretKey, type Suite } from '../crypto/index.ts'
import {
  array,
  bytes,
  codec,
  decodeCbor,
  fromBase64url,
  literal,
  text,
  toBase64url,
  tuple,
  uint
} from '../encoding/index.ts'
import { idSchema } from './body.ts'
import type { HeldInvite, InviteKeys, InviteLink, LinkFault, LinkVerdict } from './contract.ts'
import { hidden } from './derive.ts'

/** IV1: 128 bits. */
export const INVITE_SECRET_BYTES = 16
/** IV1: addresses in a link; each as multiaddr text. */
export const LINK_ADDRESSES_MAX = 8
const ADDRESS_BYTES_MAX = 256
/** Longest link read: what a chat message may hold. */
export const LINK_CHARACTERS_MAX = 4_096
/** IV1's flag: joining waits for approval. */
const FLAG_APPROVAL = 1
const MARK = '#j1.'

const linkCodec = codec(
  tuple({
    version: literal(1),
    flags: uint(255),
    server: idSchema('s'),
    checkpoint: bytes(32),
    secret: bytes(INVITE_SECRET_BYTES),
    addresses: array(text(ADDRESS_BYTES_MAX, 1), LINK_ADDRESSES_MAX)
  }),
  { rule: 'IV1', maxBytes: LINK_CHARACTERS_MAX }
)

const fault = (kind: LinkFault, reason: string): Refusal & { readonly fault: LinkFault } => ({
  ...refuse('IV1', reason),
  fault: kind
})

/**
 * Writes a link: `xcord:#j1.…`, or with a host `https://host/#j1.…`.
 *
 * @param host - Host, with port and path where wanted, that serves a page for people without the program.
 */
export function encodeInviteLink(link: InviteLink, options: { readonly host?: string } = {}): string {
  const encoded = linkCodec.encode({
    version: 1,
    flags: link.approval ? FLAG_APPROVAL : 0,
    server: link.server,
    checkpoint: link.checkpoint,
    secret: link.secret,
    addresses: link.addresses
  })
  const start = options.host === undefined ? 'xcord:' : `https://${options.host.replace(/\/+$/, '')}/`
  return start + MARK + toBase64url(encoded)
}

/** Reads a link as people paste it: surrounding blanks and angle brackets are forgiven, nothing else. */
export function parseInviteLink(input: string): LinkVerdict {
  if (input.length > LINK_CHARACTERS_MAX)
    return fault('too-long', `${input.length} characters; at most ${LINK_CHARACTERS_MAX}`)
  const link = input.trim().replace(/^<(.*)>$/, '$1')
  const newer = /^(?:xcord:|https:\/\/[^#\s]+)#j(\d{1,4})\./.exec(link)
  if (newer === null) return fault('garbled', 'not an invite link: it should open with "xcord:#j1."')
  if (newer[1] !== '1') return fault('newer', `an invite of version ${newer[1]}: newer client needed`)
  const encoded = fromBase64url(link.slice(link.indexOf('#') + MARK.length))
  if (encoded === undefined) return fault('garbled', 'the link was altered or cut off')
  const read = linkCodec.decode(encoded)
  if (!read.ok)
    return isNewer(encoded)
      ? fault('newer', 'an invite of a newer version: newer client needed')
      : fault('garbled', 'the link was altered or cut off')
  const { flags, server, checkpoint, secret, addresses } = read.value
  if ((flags & ~FLAG_APPROVAL) !== 0) return fault('newer', 'an invite of a newer kind: newer client needed')
  return accept(hidden({ server, checkpoint, approval: flags === FLAG_APPROVAL, addresses }, { secret }))
}

/** Whether the tuple opens with a version above ours. */
function isNewer(encoded: Uint8Array): boolean {
  const decoded = decodeCbor(encoded, { rule: 'IV1' })
  return (
    decoded.ok && Array.isArray(decoded.value) && typeof decoded.value[0] === 'number' && decoded.value[0] > 1
  )
}

/** Everything that follows from an invite's secret (IV1). */
export function inviteKeys(suite: Suite, secret: SecretKey): InviteKeys {
  if (secret.length !== INVITE_SECRET_BYTES)
    throw new RangeError(`an invite's secret has ${INVITE_SECRET_BYTES} bytes`)
  const boxSecret = kdf(suite, secret, 'inv-box')
  return hidden(
    {
      signingKey: suite.signingKey(kdf(suite, secret, 'inv-sign')),
      boxPublicKey: suite.x25519PublicKey(boxSecret),
      address: kdf(suite, secret, 'inv-addr')
    },
    { boxSecret, packageKey: kdf(suite, secret, 'inv-pkg') }
  )
}

/** The invite as a key ring holds it while joining (IV3). */
export function heldInvite(invite: HeldInvite['invite'], keys: InviteKeys): HeldInvite {
  return hidden({ invite, boxPublicKey: keys.boxPublicKey }, { boxSecret: keys.boxSecret })
}

/** The signature a join carries (IV3): the invite's key over server, user and user key. */
export function signJoinWith(
  suite: Suite,
  keys: InviteKeys,
  server: ServerId,
  user: UserId,
  userKey: { readonly generation: number; readonly boxPublicKey: Uint8Array }
): Uint8Array {
  return signJoin(suite, keys.signingKey, server, user, userKey)
}

/** The checkpoint a link names while there is none: the server's own id. */
export function firstCheckpoint(server: ServerId): Uint8Array {
  return idToBytes(idAs('o', server))
}
