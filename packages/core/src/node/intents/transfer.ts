/**
 * Handing a server over (AU12, 67; AU21). Two steps: whoever is to own it gives the present owner a consent, a text
 * of one line; the owner signs the transfer with it and, unless policy waives that, with the 24 words, since no
 * device keeps the root key.
 */
import { idFromBytes, idToBytes, type OperationId, type UserId, XcordError } from '../../base/index.ts'
import { draft, transferConsent, transferRootClaim } from '../../authority/index.ts'
import { signBytes, verifyBytes } from '../../crypto/index.ts'
import {
  bytes,
  codec,
  fromBase64url,
  type Infer,
  literal,
  mapped,
  toBase64url,
  tuple,
  uint
} from '../../encoding/index.ts'
import { rootFromPhrase } from '../../identity/index.ts'
import { assertWritable } from '../replica/assert-writable.ts'
import { operate } from '../replica/operate.ts'
import type { ReplicaState } from '../replica/replica-state.ts'
import type { Work } from '../replica/work.ts'

const PREFIX = 'xcord-consent-'
const WAIVE_ROOT_KEY = 3

const wire = tuple({
  version: literal(1),
  server: mapped(bytes(32), 'a server id', raw => idFromBytes('s', raw), idToBytes),
  generation: uint(),
  owner: mapped(bytes(32), 'a user id', raw => idFromBytes('u', raw), idToBytes),
  user: mapped(bytes(32), 'a user id', raw => idFromBytes('u', raw), idToBytes),
  device: mapped(bytes(32), 'a device id', raw => idFromBytes('d', raw), idToBytes),
  signature: bytes(64)
})
const consentCodec = codec(wire, { rule: 'ND14', maxBytes: 512 })

/** Our consent to own the server after its present owner; good for this owner and this transfer alone. */
export function giveConsent(state: ReplicaState): string {
  const { suite, account } = state.deps
  const { server, owner, ownerGeneration: generation } = state.log.state()
  if (owner === state.user)
    throw new XcordError('XCORD_PERMISSION_DENIED', 'The server is yours already.', {
      rule: 'AU14',
      action: 'server:consent'
    })
  const signature = signBytes(
    suite,
    account.device.signingKey,
    'consent',
    transferConsent(server, generation, owner, state.user)
  )
  return (
    PREFIX +
    toBase64url(
      consentCodec.encode({
        version: 1,
        server,
        generation,
        owner,
        user: state.user,
        device: state.self,
        signature
      })
    )
  )
}

function invalid(reason: string): XcordError<'XCORD_CONSENT_INVALID'> {
  return new XcordError('XCORD_CONSENT_INVALID', `This consent cannot be used: ${reason}.`, { reason })
}

function readConsent(state: ReplicaState, text: string, user: UserId): Infer<typeof wire> {
  const raw = text.trim().startsWith(PREFIX) ? fromBase64url(text.trim().slice(PREFIX.length)) : undefined
  const read = raw === undefined ? undefined : consentCodec.decode(raw)
  if (read === undefined || !read.ok) throw invalid('it is not one, or part of it is missing')
  const consent = read.value
  const authority = state.log.state()
  if (consent.server !== state.server) throw invalid('it is for another server')
  if (consent.user !== user) throw invalid("it is another member's")
  if (consent.owner !== authority.owner || consent.generation !== authority.ownerGeneration)
    throw invalid('the server has changed hands since; ask for a new one')
  const device = authority.device(consent.device)
  if (device?.on !== true || device.user !== user)
    throw invalid('the device that signed it is none of theirs any more')
  const claim = transferConsent(consent.server, consent.generation, consent.owner, user)
  if (!verifyBytes(state.deps.suite, idToBytes(consent.device), 'consent', claim, consent.signature))
    throw invalid('its signature is wrong')
  return consent
}

/** The root signature over the transfer, or null where policy waives it. XCORD_PHRASE_INVALID. */
function rootSignature(
  state: ReplicaState,
  user: UserId,
  phrase: string | null
): { readonly genesis: Uint8Array; readonly signature: Uint8Array } | null {
  const { suite } = state.deps
  const authority = state.log.state()
  const { server, owner, ownerGeneration } = authority
  if (authority.policy(WAIVE_ROOT_KEY) === 1) return null
  if (phrase === null)
    throw new XcordError('XCORD_PHRASE_INVALID', "Handing a server over takes the owner's 24 words.", {
      reason: 'the phrase is missing'
    })
  const root = rootFromPhrase(suite, phrase)
  if (!root.ok)
    throw new XcordError('XCORD_PHRASE_INVALID', `These are not the 24 words: ${root.reason}.`, {
      reason: root.reason
    })
  if (root.value.user !== owner)
    throw new XcordError('XCORD_PHRASE_INVALID', "These 24 words are another identity's.", {
      reason: 'another identity'
    })
  return {
    genesis: root.value.genesis.bytes,
    signature: signBytes(
      suite,
      root.value.signingKey,
      'consent',
      transferRootClaim(server, ownerGeneration, owner, user)
    )
  }
}

/** Signs the transfer. Every signature in it is checked before it leaves. */
export function transferServer(
  work: Work,
  options: {
    readonly user: UserId
    readonly consent: string
    readonly phrase: string | null
    readonly reason: string | null
  }
): OperationId {
  const { state } = work
  assertWritable(state)
  const { user, reason } = options
  if (state.log.state().owner !== state.user) {
    throw new XcordError('XCORD_PERMISSION_DENIED', 'Only the owner hands the server over.', {
      rule: 'AU21',
      action: 'server:transfer'
    })
  }
  const { device, signature } = readConsent(state, options.consent, user)
  const root = rootSignature(state, user, options.phrase)
  return operate(work, draft('transfer', { user, consent: { device, signature }, root, reason }))
}
