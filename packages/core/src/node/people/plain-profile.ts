/**
 * A profile that names a picture may stand in no export, since its key would come along (SX6). So the same without the
 * picture is said right behind it, and kept beside it: a name for whoever reads the file.
 */
import type { ServerId, UserId } from '../../base/index.ts'
import { bytes, codec, literal, tuple } from '../../encoding/index.ts'
import { PROFILE_BYTES_MAX, readProfile } from '../../identity/index.ts'
import { defineTable, hiddenId } from '../../store/index.ts'
import type { ReplicaState } from '../replica/replica-state.ts'
import { profileTable } from '../replica/tables.ts'
import type { KnownProfile } from './known-profile.ts'

export const plainProfileTable = defineTable({
  name: 'plain-profiles',
  schema: 1,
  key: [hiddenId<ServerId>(), hiddenId<UserId>()] as const,
  value: codec(tuple({ version: literal(1), bytes: bytes(1, PROFILE_BYTES_MAX) }), { rule: 'ND3' })
})

/** ND60: whether this is what is said behind the profile that counts. */
export function isPlainOf(plain: KnownProfile, known: KnownProfile | undefined): boolean {
  return (
    known !== undefined &&
    known.avatar !== null &&
    plain.avatar === null &&
    plain.device === known.device &&
    plain.revision === known.revision - 1 &&
    plain.name === known.name
  )
}

/** Profiles for an export: of whoever wears a picture, the one without it where that names them as the other does. */
export async function openProfilesOf({
  deps,
  server,
  profiles
}: ReplicaState): Promise<readonly Uint8Array[]> {
  const found: Uint8Array[] = []
  for await (const { value } of deps.database.table(profileTable).scan({ prefix: [server] }))
    found.push(value.bytes)
  for await (const { value } of deps.database.table(plainProfileTable).scan({ prefix: [server] })) {
    const plain = readProfile(deps.suite, value.bytes)
    if (!plain.ok) continue
    const known = profiles.get(plain.value.user)
    if (known !== undefined && known.avatar !== null && known.name === plain.value.name)
      found.push(value.bytes)
  }
  return found
}
