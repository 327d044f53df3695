/** Making an invite (IV1–IV3): secret, operation, link. */
import { idAs, idToBytes } from '../base/index.ts'
import { draftInviteCreate } from '../authority/index.ts'
import { encodeInviteLink, inviteKeys } from '../e2ee/index.ts'
import { assertWritable } from './assert-writable.ts'
import type { MadeInvite } from './contract.ts'
import { grant, operate } from './operate.ts'
import { inviteTable } from './tables.ts'
import type { Work } from './work.ts'

/** IV1: 128 bits. */
const SECRET_BYTES = 16
/** IV1: addresses in a link. */
const ADDRESSES_MAX = 8

/** Creates an open invite; its box becomes a recipient of @everyone's key in the same turn (IV3). */
export function makeInvite(
  work: Work,
  options: {
    readonly maxUses: number | null
    readonly expiresInMs: number | null
    readonly reason: string | null
    readonly addresses: readonly string[]
  }
): MadeInvite {
  const { state, turn } = work
  assertWritable(state)
  const { suite, random } = state.deps
  const secret = random.bytes(SECRET_BYTES)
  const keys = inviteKeys(suite, secret)
  const operation = operate(
    work,
    draftInviteCreate({
      signPublicKey: keys.signingKey.publicKey,
      boxPublicKey: keys.boxPublicKey,
      maxUses: options.maxUses,
      reason: options.reason,
      notAfter: options.expiresInMs === null ? null : turn.at + options.expiresInMs
    })
  )
  grant(work)
  const invite = idAs('i', operation)
  const link = encodeInviteLink({
    server: state.server,
    checkpoint: idToBytes(state.server),
    approval: false,
    secret,
    addresses: options.addresses.slice(0, ADDRESSES_MAX)
  })
  state.links.set(invite, link)
  turn.batch.put(inviteTable, [state.server, invite], { version: 1, invite, link })
  return { invite, link }
}
