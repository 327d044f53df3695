/** Profiles as members hear of them (ID13): which is well-formed, and which of two counts. */
import { accept, type DeviceId, type UserId, type Verdict } from '../../base/index.ts'
import { checkFile, isSameAvatar, readAvatar, type SealedAvatar } from '../../attachment/index.ts'
import type { Suite } from '../../crypto/index.ts'
import { compareProfiles, readProfile } from '../../identity/index.ts'

/** The profile of a user that counts, as far as people see it. */
export interface KnownProfile {
  readonly name: string
  readonly avatar: SealedAvatar | null
  readonly revision: number
  readonly device: DeviceId
}

/** Verifies a profile that a device of this user is to have signed. Whoever breaks a rule leaves the former in force. */
export function takeKnown(
  suite: Suite,
  bytes: Uint8Array,
  signer: { readonly user: UserId; readonly device: DeviceId }
): Verdict<KnownProfile> {
  const read = readProfile(suite, bytes, signer)
  if (!read.ok) return read
  const avatar = readAvatar(read.value.avatar)
  if (!avatar.ok) return avatar
  const checked = avatar.value === null ? accept(null) : checkFile(suite, avatar.value)
  if (!checked.ok) return checked
  const { name, revision, device } = read.value
  return accept({ name, avatar: checked.value, revision, device })
}

/**
 * Whether a profile counts over the one there is: the highest (revision, device), but what a device said that is on goes
 * before what one said that was put out. So nobody holds a name for ever who held a device once.
 */
export function outranks(
  next: Pick<KnownProfile, 'revision' | 'device'>,
  known: Pick<KnownProfile, 'revision' | 'device'> | undefined,
  isOn: (device: DeviceId) => boolean
): boolean {
  if (known === undefined) return true
  const [nextOn, knownOn] = [isOn(next.device), isOn(known.device)]
  return nextOn === knownOn ? compareProfiles(next, known) > 0 : nextOn
}

/** Whether people would see a difference. */
export function looksAs(
  a: Pick<KnownProfile, 'name' | 'avatar'>,
  b: Pick<KnownProfile, 'name' | 'avatar'>
): boolean {
  return a.name === b.name && isSameAvatar(a.avatar, b.avatar)
}
