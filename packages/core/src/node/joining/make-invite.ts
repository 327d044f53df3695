/** Making an invite (IV1–IV3): secret, operation, link. */
import { idAs, idToBytes } from '../../base/index.ts'
import { draftInviteCreate } from '../../authority/index.ts'
import { encodeInviteLink, inviteKeys } from '../../e2ee/index.ts'
import { assertWritable } from '../replica/assert-writable.ts'
import type { MadeInvite } from '../contract.ts'
import { absorb } from './join-requests.ts'
import { grant, operate } from '../replica/operate.ts'
import { publishControl } from '../replica/publish.ts'
import { inviteTable } from '../replica/tables.ts'
import type { Work } from '../replica/work.ts'

/** IV1: 128 bits. */
const SECRET_BYTES = 16
/** IV1: addresses in a link. */
const ADDRESSES_MAX = 8

/**
 * Creates an open invite; its box becomes a recipient of @everyone's key in the same turn (IV3). Or one that asks (IV4).
 */
export function makeInvite(
  work: Work,
  options: {
    readonly maxUses: number | null
    readonly expiresInMs: number | null
    readonly reason: string | null
    readonly addresses: readonly string[]
    readonly approval: boolean
  }
): MadeInvite {
  const { state, turn } = work
  assertWritable(state)
  if (options.approval && options.maxUses !== null)
    throw new RangeError('an invite that asks admits nobody by itself: each acceptance is for one')
  const { suite, random } = state.deps
  const secret = random.bytes(SECRET_BYTES)
  const keys = inviteKeys(suite, secret)
  const operation = operate(
    work,
    draftInviteCreate({
      signPublicKey: keys.signingKey.publicKey,
      // IV4: nobody is the server, so nobody joins by it; and nobody reads by it.
      boxPublicKey: options.approval ? null : keys.boxPublicKey,
      user: options.approval ? idAs('u', state.server) : null,
      maxUses: options.maxUses,
      reason: options.reason,
      notAfter: options.expiresInMs === null ? null : turn.at + options.expiresInMs
    })
  )
  const invite = idAs('i', operation)
  if (options.approval) {
    const body = {
      kind: 'inviteAsk',
      invite,
      linkBox: keys.boxPublicKey,
      askSecret: random.bytes(32)
    } as const
    publishControl(work, body)
    absorb(work, state.user, body)
  } else grant(work)
  const link = encodeInviteLink({
    server: state.server,
    checkpoint: idToBytes(state.server),
    approval: options.approval,
    secret,
    addresses: options.addresses.slice(0, ADDRESSES_MAX)
  })
  state.links.set(invite, link)
  turn.batch.put(inviteTable, [state.server, invite], { version: 1, invite, link })
  return { invite, link }
}
