/** DM: what one device knows of one conversation, and whom its next key goes to. */
import {
  type DeviceId,
  idAs,
  type KeyId,
  type MessageId,
  type OperationId,
  type UserId
} from '../base/index.ts'
import type { SecretKey } from '../crypto/index.ts'
import type { IdentityLog } from '../identity/index.ts'
import { ridName } from './epoch.ts'
import type { ConversationGenesis } from './genesis.ts'
import { EPOCH_KEPT_MS, EPOCH_MESSAGES_MAX, EPOCH_MS_MAX } from './limits.ts'
import { isUsable, type Prekey } from './prekey.ts'

/** One key of one device. */
export interface EpochState {
  readonly keyId: KeyId
  readonly author: DeviceId
  readonly commit: Uint8Array
  /** null where it is not for us (yet), or was erased. Never logged (CR8). */
  readonly seed: SecretKey | null
  /** When this device made it or first saw it. */
  readonly since: number
  /** When its author's next one came; null while it is the newest. */
  readonly replacedAt: number | null
  /** Envelopes under it. */
  readonly used: number
  /** Names of the devices that hold it, where it is our own. */
  readonly boxed: readonly string[]
}

/** Last place held of a device's chain. */
export interface ChainEnd {
  readonly seq: number
  readonly idBytes: Uint8Array
}

/** DM10: how long messages live. The newest word counts. */
export interface Lifetime {
  /** 0: for ever. */
  readonly seconds: number
  readonly at: number
  readonly by: MessageId | null
}

/** A conversation as held here. Functions of this layer change a draft; `copyState` makes one. */
export interface ConversationState {
  readonly genesis: ConversationGenesis
  readonly topicSecret: SecretKey
  readonly chains: Map<DeviceId, ChainEnd>
  readonly epochs: Map<KeyId, EpochState>
  /** Accounts that went. */
  readonly left: Set<UserId>
  lifetime: Lifetime
}

/** What is known of people beside the conversation. */
export interface Directory {
  log(user: UserId): IdentityLog | undefined
  /** The newest one of a device. */
  prekey(device: DeviceId): Prekey | undefined
}

/** A conversation of which nothing was written yet. */
export function emptyState(genesis: ConversationGenesis, topicSecret: SecretKey): ConversationState {
  return {
    genesis,
    topicSecret,
    chains: new Map(),
    epochs: new Map(),
    left: new Set(),
    lifetime: { seconds: 0, at: 0, by: null }
  }
}

/** A draft: what is done to it does not touch the original. */
export function copyState(state: ConversationState): ConversationState {
  return {
    ...state,
    chains: new Map(state.chains),
    epochs: new Map(state.epochs),
    left: new Set(state.left)
  }
}

/** Whose device it is, among the conversation's accounts; enrolled once is enough. */
export function accountOf(
  state: ConversationState,
  directory: Directory,
  device: DeviceId
): UserId | undefined {
  return state.genesis.users.find(user => directory.log(user)?.state().device(device) !== undefined)
}

/** A device of the conversation other than one's own. */
export interface Recipient {
  readonly user: UserId
  readonly device: DeviceId
  /** undefined: skipped, as nothing can be sealed to it (DM3). */
  readonly prekey: Prekey | undefined
}

/** Every active device of every account that is still there, but for `self`. */
export function recipientsOf(
  state: ConversationState,
  directory: Directory,
  self: DeviceId,
  now: number
): readonly Recipient[] {
  return state.genesis.users
    .filter(user => !state.left.has(user))
    .flatMap(user =>
      (directory.log(user)?.state().devices ?? [])
        .filter(({ device, active }) => active && device !== self)
        .map(({ device }) => {
          const prekey = directory.prekey(device)
          const usable = prekey !== undefined && prekey.user === user && isUsable(prekey, now)
          return { user, device, prekey: usable ? prekey : undefined }
        })
    )
}

/** The newest key a device made. */
export function newestEpoch(state: ConversationState, author: DeviceId): EpochState | undefined {
  for (const epoch of state.epochs.values())
    if (epoch.author === author && epoch.replacedAt === null) return epoch
  return undefined
}

/** DM2: the key of ours that serves for the next message; undefined where a new one is due. */
export function servingEpoch(
  state: ConversationState,
  self: DeviceId,
  recipients: readonly Recipient[],
  now: number
): EpochState | undefined {
  const epoch = newestEpoch(state, self)
  if (epoch === undefined || epoch.seed === null || epoch.used >= EPOCH_MESSAGES_MAX) return undefined
  if (now - epoch.since >= EPOCH_MS_MAX || epoch.since > now) return undefined
  const wanted = recipients.filter(each => each.prekey !== undefined).map(each => ridName(each.device))
  return wanted.length === epoch.boxed.length && wanted.every(each => epoch.boxed.includes(each))
    ? epoch
    : undefined
}

/** EK1's frontier, of identity logs: the newest entry of each account known (DM1). */
export function frontierOf(state: ConversationState, directory: Directory): readonly OperationId[] {
  const heads = state.genesis.users.flatMap(user => directory.log(user)?.head() ?? [])
  return [...new Set(heads.map(head => idAs('o', head)))].sort()
}

/** Adds a key; its author's one before is replaced from now on. */
export function addEpoch(draft: ConversationState, epoch: EpochState, now: number): readonly EpochState[] {
  const before = newestEpoch(draft, epoch.author)
  const replaced = before === undefined ? undefined : { ...before, replacedAt: now }
  if (replaced !== undefined) draft.epochs.set(replaced.keyId, replaced)
  draft.epochs.set(epoch.keyId, epoch)
  return replaced === undefined ? [epoch] : [replaced, epoch]
}

/** DM3: keys that are over. They are erased in the draft and given, to be erased where they are kept. */
export function eraseKeys(draft: ConversationState, now: number): readonly EpochState[] {
  const erased: EpochState[] = []
  for (const epoch of draft.epochs.values()) {
    if (epoch.seed === null || epoch.replacedAt === null || now - epoch.replacedAt < EPOCH_KEPT_MS) continue
    const bare = { ...epoch, seed: null }
    draft.epochs.set(epoch.keyId, bare)
    erased.push(bare)
  }
  return erased
}
