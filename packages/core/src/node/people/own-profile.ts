/** Our own profile (ND60–ND62): kept over restarts, said in every server, and one for all own devices. */
import { type DeviceId, idFromBytes, idToBytes, NAME_BYTES_MAX } from '../../base/index.ts'
import { avatarRow, readAvatar, type SealedAvatar } from '../../attachment/index.ts'
import { anything, bytes, codec, literal, text, tuple, uint } from '../../encoding/index.ts'
import { type Account, compareProfiles, type ProfileFields, signProfile } from '../../identity/index.ts'
import type { Database } from '../../store/index.ts'
import { publishControl } from '../replica/publish.ts'
import type { ReplicaState } from '../replica/replica-state.ts'
import { profileTable, settingTable } from '../replica/tables.ts'
import type { Work } from '../replica/work.ts'
import { type KnownProfile, looksAs } from './known-profile.ts'
import { plainProfileTable } from './plain-profile.ts'

const SETTING = 'profile'
const settingCodec = codec(
  tuple({
    version: literal(1),
    revision: uint(),
    device: bytes(32),
    name: text(NAME_BYTES_MAX, 1),
    avatar: anything
  }),
  { rule: 'ND60', maxDepth: 3 }
)

/** What is to be done in a server about our profile there. */
export type ProfileDuty = 'adopt' | 'say' | 'nothing'

/** Where our profile stands: here, and in one server. */
export interface ProfilePlace {
  readonly own: KnownProfile
  /** In that server. */
  readonly known: KnownProfile | undefined
  readonly self: DeviceId
  /** Of our devices: not revoked. */
  isActive(device: DeviceId): boolean
  /** Whether that device of ours is in that server, too. */
  isThere(device: DeviceId): boolean
}

/**
 * ND61: what a device that is ours said last is ours; it is said where it is lacking, by the device that set it where that is
 * in the server, else by this one.
 */
export function profileDuty({ own, known, self, isActive, isThere }: ProfilePlace): ProfileDuty {
  // Put out ourselves, whatever we say counts less than anything.
  if (!isActive(self)) return 'nothing'
  if (known !== undefined && isNewer(known, own, isActive)) return 'adopt'
  if (known !== undefined && isActive(known.device) && looksAs(known, own)) return 'nothing'
  const another = own.device !== self && isActive(own.device) && isThere(own.device)
  return another ? 'nothing' : 'say'
}

function isNewer(known: KnownProfile, own: KnownProfile, isActive: ProfilePlace['isActive']): boolean {
  // Nothing was ever said or set here: a device that just came.
  if (own.revision === 0) return true
  if (!isActive(known.device)) return false
  return !isActive(own.device) || compareProfiles(known, own) > 0
}

/** The number to say it under: our own where it counts there, else one that does. */
export function revisionFor({
  own,
  known,
  self,
  isThere
}: Pick<ProfilePlace, 'own' | 'known' | 'self' | 'isThere'>): number {
  // What a device said that was put out counts less than anything.
  const against = known !== undefined && isThere(known.device) ? known : undefined
  const said = { revision: own.revision, device: self }
  const counts = against === undefined || compareProfiles(said, against) > 0
  if (own.device === self && own.revision > 0 && counts) return own.revision
  return Math.min(Math.max(own.revision, against?.revision ?? 0) + 1, Number.MAX_SAFE_INTEGER)
}

export class OwnProfile {
  readonly #account: Account
  readonly #database: Database
  #own: KnownProfile

  constructor(account: Account, database: Database, own: KnownProfile) {
    this.#account = account
    this.#database = database
    this.#own = own
  }

  get name(): string {
    return this.#own.name
  }

  get avatar(): SealedAvatar | null {
    return this.#own.avatar
  }

  /**
   * Changes it. Above the first that every device says by itself, so that none of these hides a change; and with room below
   * for what is said without the picture.
   */
  async set(change: { readonly name: string; readonly avatar: SealedAvatar | null }): Promise<void> {
    const revision = Math.max(this.#own.revision, 1) + 2
    const own = { ...change, revision, device: this.#account.device.device }
    const batch = this.#database.batch().put(settingTable, [SETTING], { version: 1, bytes: encode(own) })
    await batch.commit({ sync: true })
    this.#own = own
  }

  duty(state: ReplicaState): ProfileDuty {
    return state.isMember() ? profileDuty(this.#placeIn(state)) : 'nothing'
  }

  /** Does what is to be done in one server, in its turn. */
  tell(work: Work): void {
    const { state, turn } = work
    if (!state.isMember()) return
    const place = this.#placeIn(state)
    const { known } = place
    const duty = profileDuty(place)
    if (duty === 'adopt' && known !== undefined) {
      this.#keep(work, known)
      // The device that said it may be out: then it is ours to say.
      if (profileDuty({ ...place, own: known }) !== 'say') return
      this.#say(work, { ...place, own: known })
    } else if (duty === 'say') this.#say(work, place)
    if (known !== undefined && !looksAs(known, this.#shownIn(work)))
      turn.events.push({ type: 'member:update', server: state.server, refs: [state.user], note: null })
  }

  #shownIn({ state }: Work): KnownProfile {
    return state.profiles.get(state.user) ?? this.#own
  }

  #say(work: Work, place: ProfilePlace): void {
    const { state, turn } = work
    const { suite, account } = state.deps
    const { name, avatar } = place.own
    const revision = revisionFor(place)
    const publish = (fields: ProfileFields): Uint8Array => {
      const profile = signProfile(suite, state.user, account.device, fields)
      publishControl(work, { kind: 'profile', profile })
      return profile
    }
    const bytes = publish({ revision, name, ...(avatar === null ? {} : { avatar: avatarRow(avatar) }) })
    if (avatar !== null) {
      const plain = publish({ revision: revision - 1, name })
      turn.batch.put(plainProfileTable, [state.server, state.user], { version: 1, bytes: plain })
    }
    const said = { name, avatar, revision, device: state.self }
    state.profiles.set(state.user, said)
    turn.batch.put(profileTable, [state.server, state.user], { version: 1, bytes })
    turn.viewChanged = true
    this.#keep(work, said)
  }

  /** Once the turn is on disk, unless something newer was set meanwhile. */
  #keep({ turn }: Work, next: KnownProfile): void {
    const before = this.#own
    turn.batch.put(settingTable, [SETTING], { version: 1, bytes: encode(next) })
    turn.after.push(() => {
      if (this.#own === before || compareProfiles(next, this.#own) > 0) this.#own = next
    })
  }

  #placeIn(state: ReplicaState): ProfilePlace {
    const devices = this.#account.log.state()
    return {
      own: this.#own,
      known: state.profiles.get(state.user),
      self: this.#account.device.device,
      isActive: device => devices.device(device)?.active === true,
      isThere: device => state.log.state().device(device)?.on === true
    }
  }
}

function encode({ revision, device, name, avatar }: KnownProfile): Uint8Array {
  return settingCodec.encode({
    version: 1,
    revision,
    device: idToBytes(device),
    name,
    avatar: avatar === null ? null : avatarRow(avatar)
  })
}

/** Reads what is kept; else the name that the profile began with. */
export async function openOwnProfile(
  account: Account,
  database: Database,
  name: string
): Promise<OwnProfile> {
  const row = await database.table(settingTable).get([SETTING])
  const read = row === undefined ? undefined : settingCodec.decode(row.bytes)
  const beginning = { name, avatar: null, revision: 0, device: account.device.device }
  if (read?.ok !== true) return new OwnProfile(account, database, beginning)
  const { revision, device } = read.value
  const avatar = readAvatar(read.value.avatar)
  return new OwnProfile(account, database, {
    name: read.value.name,
    avatar: avatar.ok ? avatar.value : null,
    revision,
    device: idFromBytes('d', device)
  })
}
