/**
 * Errors of the world: stable codes that applications match on. A peer's bad bytes never become one
 * (they get a `Verdict`); a caller's mistake is a TypeError or RangeError.
 */
import type { RuleId } from './verdict.ts'

/**
 * What each code tells in `details`. Codes are only added; a meaning never changes within a major.
 *
 * The comment of each code is its entry in docs/errors.md (`npm run errors`): what it means, then `@remedy`,
 * what whoever sees it can do.
 */
export interface ErrorDetails {
  /**
   * The caller's `signal` ended the wait. What was already committed stays committed.
   * @remedy Nothing, if you cancelled. Otherwise wait longer, or check with `message show` whether it
   *   arrived.
   */
  XCORD_ABORTED: Record<never, never>
  /**
   * The text is not an address a node can be dialled at.
   * @remedy Give a multiaddr that ends in the node's id, such as `/ip4/192.0.2.7/tcp/4001/p2p/12D3Koo…`.
   *   `xcord doctor` prints your own.
   */
  XCORD_ADDRESS_INVALID: { address: string }
  /**
   * The invite asks for approval: the request is with the server's members, and nobody answered it yet.
   * @remedy Run the same command again later: the answer is waiting for you then.
   */
  XCORD_APPROVAL_PENDING: { server: string }
  /**
   * A member refused the request to join.
   * @remedy Ask somebody of the server. With the same link you may ask again after a day.
   */
  XCORD_APPROVAL_REFUSED: { server: string }
  /**
   * The file is not what its message says: its key, its chunks or its size do not fit, by rule `rule`. Or it is an
   * image of ours that is not whole, so that its metadata could not be removed (AT4), or one that is no avatar (AT9).
   * @remedy Ask its sender to send it again. Of an own image: mend it, or send it with its metadata
   *   (`keepMetadata`, `--keep-metadata`); an avatar is a PNG, JPEG, WebP or GIF of at most 4,096 pixels either way.
   */
  XCORD_ATTACHMENT_INVALID: { name: string; rule: RuleId }
  /**
   * No connected member has the file.
   * @remedy Try again when its author is online, or anybody who opened it. What came already is kept.
   */
  XCORD_ATTACHMENT_UNAVAILABLE: { name: string }
  /**
   * No microphone or speaker could be opened, or it vanished; `reason` is what the system's tool said.
   * @remedy Install ffmpeg, PulseAudio's tools (pacat, parec) or ALSA's (aplay, arecord), plug the device in, or use
   *   `--input`, `--tone` and `--output`, which need none.
   */
  XCORD_AUDIO_DEVICE: { reason: string; device?: string }
  /**
   * The file is not sound that XCord can play; `reason` says what it is instead.
   * @remedy Give a WAV file with 16, 24 or 32 bit samples, one or two channels and 8 to 192 kHz:
   *   `ffmpeg -i song.mp3 song.wav` makes one.
   */
  XCORD_AUDIO_FORMAT: { reason: string; path?: string }
  /**
   * A rule of the server's automod does not allow this text; `name` is the rule's.
   * @remedy Change the text. Nothing was signed or sent.
   */
  XCORD_AUTOMOD_BLOCKED: { name: string; automodRule: string }
  /**
   * The backup file is damaged or is not a backup of XCord.
   * @remedy Use another copy of the file. The recovery phrase alone restores the identity.
   */
  XCORD_BACKUP_INVALID: { path?: string }
  /**
   * Channels of this kind are not for that: a category and a forum hold no messages of their own, and only text,
   * announcement and forum channels have threads.
   * @remedy Write in a text channel, or in a thread: `xcord forum post` begins one in a forum.
   */
  XCORD_CHANNEL_KIND: { channel: string; kind: string }
  /**
   * No channel of this server has that id or name.
   * @remedy List them with `xcord channel list`. Names are exact; the leading `#` may be left out.
   */
  XCORD_CHANNEL_NOT_FOUND: { channel: string }
  /**
   * This device's clock differs from its peers' by more than the protocol tolerates; `skewMs` is the
   * difference.
   * @remedy Set the system clock, best by turning on automatic time, then try again.
   */
  XCORD_CLOCK_SKEW: { skewMs: number }
  /**
   * The object was used after `close()`, or while its client was closing.
   * @remedy Open a new client. In long-running code, stop its users before closing it.
   */
  XCORD_CLOSED: { what: string }
  /**
   * The operation was overtaken by a concurrent one, and rule `rule` set it aside.
   * @remedy Look at the present state, then repeat the operation if it still makes sense.
   */
  XCORD_CONFLICT: { operation: string; rule: RuleId }
  /**
   * The conversation was left: nothing more can be written in it, and nothing new comes. Its history stays here.
   * @remedy Open a new conversation with the same people.
   */
  XCORD_CONVERSATION_LEFT: { conversation: string }
  /**
   * No conversation of this profile has that id.
   * @remedy List them with `xcord dm list`, or begin one with `xcord dm open`.
   */
  XCORD_CONVERSATION_NOT_FOUND: { conversation: string }
  /**
   * A setting has an unknown name or a value out of its range; `key` names it.
   * @remedy Correct that key in the file, variable or flag; `allowed` says what it may be.
   */
  XCORD_CONFIG_INVALID: { key: string; allowed?: string }
  /**
   * The consent to own a server is none, is another member's, or was given before the server changed hands.
   * @remedy Ask the member for a new one: `xcord server consent`.
   */
  XCORD_CONSENT_INVALID: { reason: string }
  /**
   * Events before this cursor are no longer kept, so what happened since cannot be replayed whole.
   * @remedy Read the present state first, then follow events from the newest cursor.
   */
  XCORD_CURSOR_EXPIRED: { cursor: string }
  /**
   * The profile's daemon answered, but refused the request with this HTTP `status`.
   * @remedy Check that command and daemon are of one version; `xcord daemon stop`, then start it again.
   */
  XCORD_DAEMON_REFUSED: { status: number }
  /**
   * No daemon answers at the profile's socket.
   * @remedy Start it with `xcord daemon run`. If one should be running, `xcord daemon status` tells what it
   *   left behind.
   */
  XCORD_DAEMON_UNREACHABLE: { socket: string }
  /**
   * It took longer than the caller allowed; `what` was waited for during `timeoutMs`.
   * @remedy Try again, or allow more time. `xcord doctor` shows whether peers are reachable.
   */
  XCORD_DEADLINE: { what: string; timeoutMs: number }
  /**
   * This identity has no device with that id or name.
   * @remedy List them with `xcord device list`.
   */
  XCORD_DEVICE_NOT_FOUND: { device: string }
  /**
   * The device was revoked before; a revoked device never returns.
   * @remedy Nothing, if you wanted it out. To use that machine again, link it anew: it becomes another device.
   */
  XCORD_DEVICE_REVOKED: { device: string }
  /**
   * The disk has no room for the write. Nothing was committed, and what was stored before is whole.
   * @remedy Free some space, then repeat. Nothing needs repair.
   */
  XCORD_DISK_FULL: { path?: string }
  /**
   * The file is no export of a server, or was cut, altered, reordered or sealed by a stranger; `rule` says how.
   * @remedy Copy the file again, or ask a member for a new one: `xcord server export`.
   */
  XCORD_EXPORT_INVALID: { rule: RuleId; reason: string }
  /**
   * The invite was closed by its date.
   * @remedy Ask a member for a new link.
   */
  XCORD_INVITE_EXPIRED: { expiredAt: number }
  /**
   * The text is not an invite link, or part of it is missing or altered.
   * @remedy Copy the whole link again, with everything behind the `#`.
   */
  XCORD_INVITE_INVALID: { reason: string }
  /**
   * No invite of this server has that id or link.
   * @remedy List them with `xcord invite list`.
   */
  XCORD_INVITE_NOT_FOUND: { invite: string }
  /**
   * A member has closed the invite.
   * @remedy Ask a member for a new link.
   */
  XCORD_INVITE_REVOKED: Record<never, never>
  /**
   * The invite has been used as often as it allows.
   * @remedy Ask a member for a new link.
   */
  XCORD_INVITE_USED: { maxUses: number }
  /**
   * The system's keychain and this key store do not belong together: what opens it is no longer in the keychain, or
   * does not fit. Nothing is lost.
   * @remedy Give the password, which still opens the profile. `xcord keychain enable` sets both up anew.
   */
  XCORD_KEYCHAIN_MISMATCH: { found: 'nothing' | 'another' }
  /**
   * This machine has no keychain that XCord can use, or it does not answer: not installed, no desktop session, or locked.
   * @remedy Give the password. On Linux the keychain needs the program `secret-tool` (Debian: libsecret-tools) and a
   *   Secret Service such as GNOME Keyring or KWallet in your session; on macOS log in to the desktop.
   */
  XCORD_KEYCHAIN_UNAVAILABLE: { reason: string }
  /**
   * The key store cannot be read as one: cut off, of another format, or out of bounds.
   * @remedy Restore the file from a copy, or recover with `xcord recover` and the phrase.
   */
  XCORD_KEYSTORE_INVALID: { rule: RuleId; reason: string }
  /**
   * The key store needs its password, and none was given.
   * @remedy Give the password: at the prompt, or as the options of your command describe.
   */
  XCORD_KEYSTORE_LOCKED: Record<never, never>
  /**
   * An older copy of the key store was put back: its epoch is lower than one that was seen here. Nothing is refused; what
   * came since (a password, devices that were put out, newer keys) is missing from it.
   * @remedy If you restored it yourself, set a password with `xcord passwd` to go on with this copy. If not, somebody had
   *   the profile's folder: revoke this device from another one.
   */
  XCORD_KEYSTORE_OLDER: { epoch: number; seen: number }
  /**
   * Wrong password, or the key store was altered. The two cannot be told apart.
   * @remedy Try the password again. If it is surely right, restore the file from a copy or recover with the
   *   phrase.
   */
  XCORD_KEYSTORE_REFUSED: { path?: string }
  /**
   * Something is larger, longer or more than a limit allows: `what`, `actual`, `limit`.
   * @remedy Send less at once. Limits are part of the protocol and cannot be raised locally.
   */
  XCORD_LIMIT: { what: string; limit: number; actual: number }
  /**
   * The text is no code of a device that waits to be linked, or part of it is missing.
   * @remedy Copy the whole code again from the new device's screen.
   */
  XCORD_LINK_INVALID: { reason: string }
  /**
   * Linking was refused or broken off: the code was used or is older than five minutes, the signs differed, or
   * somebody said no; `rule` and `reason` say which. Nothing was added, unless the reason says so.
   * @remedy Show a new code on the new device and try again. If the signs differed, somebody may be between the two:
   *   use another network.
   */
  XCORD_LINK_REFUSED: { rule: RuleId; reason: string }
  /**
   * No member of this server has that id, id prefix or name.
   * @remedy List them with `xcord member list`; where a name is shared, use the id.
   */
  XCORD_MEMBER_NOT_FOUND: { member: string }
  /**
   * No message with that id is held here, or it may not be read.
   * @remedy Check the id, or wait for history to arrive: `xcord peers` shows who may bring it.
   */
  XCORD_MESSAGE_NOT_FOUND: { message: string }
  /**
   * The text has more UTF-8 bytes than a message may hold.
   * @remedy Shorten it or split it; letters beyond ASCII take two to four bytes.
   */
  XCORD_MESSAGE_TOO_LONG: { bytes: number; limit: number }
  /**
   * It was written by a newer XCord than this one understands. Nothing was changed.
   * @remedy Update XCord on this device.
   */
  XCORD_NEWER_VERSION: { what: string; found: number; supported: number }
  /**
   * That person wears no picture, so there is none to read.
   * @remedy Nothing. `xcord profile show <member>` says whether somebody wears one.
   */
  XCORD_NO_AVATAR: { user: string }
  /**
   * No address could be reached; `tried` lists each with its cause.
   * @remedy Check the network, and that somebody of the server is online. `xcord doctor` names the remedy
   *   for each path.
   */
  XCORD_NO_PEER: { tried: readonly { address: string; error: string }[] }
  /**
   * There is no profile here yet.
   * @remedy Make one with `xcord init`, or name another with `--profile`.
   */
  XCORD_NO_PROFILE: { profile: string; path?: string }
  /**
   * This identity is not a member of the server (never was, left, or was removed).
   * @remedy Join with an invite link.
   */
  XCORD_NOT_A_MEMBER: { server: string }
  /**
   * You entered this server by a member's snapshot, and its operations are still being fetched and verified; `held` of
   * the `of` that the snapshot stands for are here.
   * @remedy Wait: it opens for writing by itself. `xcord server info` shows how far it is.
   */
  XCORD_VERIFYING: { server: string; held: number; of: number }
  /**
   * Your roles do not permit the action here; `permission` and the deciding `rule` say why.
   * @remedy Ask someone who may manage roles. Nothing was signed or sent.
   */
  XCORD_PERMISSION_DENIED: { permission?: string; rule: RuleId; action: string }
  /**
   * The recovery phrase has a wrong word, number of words or checksum.
   * @remedy Compare it word by word with what you wrote down; the order matters.
   */
  XCORD_PHRASE_INVALID: { reason: string }
  /**
   * Another program listens on that address.
   * @remedy Stop it, or listen on another port; port 0 takes any free one.
   */
  XCORD_PORT_IN_USE: { address: string }
  /**
   * There is an identity in this profile already, and it is never overwritten.
   * @remedy Use it, or choose another profile with `--profile`.
   */
  XCORD_PROFILE_EXISTS: { profile: string; path?: string }
  /**
   * Another process has this profile open; a profile has one owner at a time.
   * @remedy Use that process (the daemon serves many commands), or end it first; `pid` names it where
   *   known.
   */
  XCORD_PROFILE_IN_USE: { path: string; pid?: number }
  /**
   * The explanation is not true, or not whole: an operation is not as it was signed, or a step does not follow.
   * @remedy Ask for it again: `xcord explain permission … --json`. If it comes from somebody else, do not believe it.
   */
  XCORD_PROOF_INVALID: { rule: RuleId; reason: string }
  /**
   * Nobody of that name or id asked to join this server, or nothing is left to answer.
   * @remedy List requests with `xcord invite requests`.
   */
  XCORD_REQUEST_NOT_FOUND: { user: string }
  /**
   * No role of this server has that id or name.
   * @remedy List the server's roles with `xcord server show`.
   */
  XCORD_ROLE_NOT_FOUND: { role: string }
  /**
   * The safety number that was given is not the one of that person and you: somebody stands in between, or it is of
   * somebody else.
   * @remedy Compare once more, over a way that nobody can alter. If they differ again, do not trust that identity.
   */
  XCORD_SAFETY_MISMATCH: { user: string }
  /**
   * This profile holds no server with that id or name.
   * @remedy List them with `xcord server list`, or join with an invite link.
   */
  XCORD_SERVER_NOT_FOUND: { server: string }
  /**
   * The channel is in slow mode; in `retryAfterMs` the next message may be sent.
   * @remedy Wait that long. Nothing was signed or sent.
   */
  XCORD_SLOW_MODE: { channel: string; retryAfterMs: number }
  /**
   * Stored bytes fail their check; `table` says where. They are not used.
   * @remedy Copy the profile folder aside, then recover with phrase and links: history returns from other
   *   members.
   */
  XCORD_STORE_CORRUPT: { table: string; reason: string }
  /**
   * The storage reported an error that is neither a full disk nor another owner; see `cause`.
   * @remedy Check the disk and the folder's permissions, then try again. What was reported as stored is
   *   kept.
   */
  XCORD_STORE_FAILED: { operation: string }
  /**
   * The command line is not understood; `argument` is the part in question.
   * @remedy Read the command's `--help`.
   */
  XCORD_USAGE: { argument: string }
  /**
   * That person is blocked here.
   * @remedy Take the block back with `xcord dm unblock`.
   */
  XCORD_USER_BLOCKED: { user: string }
  /**
   * Nobody by that name or id is known: conversations are opened with people of servers you are in, and with those you
   * talked with before.
   * @remedy Join a server together first, or check the name with `xcord member list`.
   */
  XCORD_USER_NOT_FOUND: { user: string }
  /**
   * This profile is in no voice channel of `server`.
   * @remedy Join one first.
   */
  XCORD_VOICE_ABSENT: { server: string }
  /**
   * As many are in the voice channel as there are `places`.
   * @remedy Wait until somebody leaves, take another channel, or have the user limit raised (8 at most).
   */
  XCORD_VOICE_FULL: { channel: string; places: number }
  /**
   * This peer has nothing to carry audio with; `reason` says what is missing.
   * @remedy Give the client a media engine (`media`), or install what the reason names.
   */
  XCORD_VOICE_UNAVAILABLE: { reason: string }
}

/** Stable code of an `XcordError`. */
export type ErrorCode = keyof ErrorDetails
