/**
 * The one table of outcomes: what each error code means as an HTTP status, as an exit code, and what whoever
 * sees it can do. Daemon, verbs and terminal client all read it here.
 */
import { isXcordError, type ErrorCode, XcordError } from '@xcord/core'
import type { ErrorJson } from '@xcord/sdk'

/** What a process may end with. Meanings never change within a major version. */
export const EXIT = {
  done: 0,
  fault: 1,
  usage: 2,
  notFound: 3,
  denied: 4,
  locked: 5,
  unreachable: 6,
  deadline: 7,
  conflict: 8,
  verification: 9,
  limit: 10,
  interrupted: 130
} as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** Codes as people and programs meet them: the SDK's, and one for our own faults. */
export type AnyCode = ErrorJson['code']

interface Outcome {
  readonly status: number
  readonly exit: ExitCode
  /** One sentence: what to do next. */
  readonly remedy: string
}

const outcome = (status: number, exit: ExitCode, remedy: string): Outcome => ({ status, exit, remedy })

const NEW_LINK = 'Ask a member for a new link.'

export const OUTCOMES: Readonly<Record<AnyCode, Outcome>> = {
  XCORD_ABORTED: outcome(499, EXIT.interrupted, 'What was already stored stays stored.'),
  XCORD_ADDRESS_INVALID: outcome(
    400,
    EXIT.usage,
    'Give a multiaddr such as /ip4/192.0.2.7/tcp/4001/p2p/12D3Koo….'
  ),
  XCORD_APPROVAL_PENDING: outcome(
    504,
    EXIT.deadline,
    'Run the same command again later: the answer is waiting for you then.'
  ),
  XCORD_APPROVAL_REFUSED: outcome(
    403,
    EXIT.denied,
    'Ask somebody of the server; you may ask again after a day.'
  ),
  XCORD_AUDIO_DEVICE: outcome(
    503,
    EXIT.unreachable,
    'Install ffmpeg or the tools of PulseAudio or ALSA, or use --input, --tone and --output.'
  ),
  XCORD_AUDIO_FORMAT: outcome(422, EXIT.verification, 'Give a WAV file: "ffmpeg -i song.mp3 song.wav".'),
  XCORD_ATTACHMENT_INVALID: outcome(
    422,
    EXIT.verification,
    'Ask its sender to send it again. An own image: mend it, or send it with --keep-metadata; avatars are PNG, JPEG, WebP or GIF.'
  ),
  XCORD_ATTACHMENT_UNAVAILABLE: outcome(
    503,
    EXIT.unreachable,
    'Try again when its author is online, or anybody who opened it.'
  ),
  XCORD_AUTOMOD_BLOCKED: outcome(403, EXIT.denied, 'Write it in other words; nothing was sent.'),
  XCORD_BACKUP_INVALID: outcome(422, EXIT.verification, 'Use another copy of the file.'),
  XCORD_CHANNEL_KIND: outcome(
    409,
    EXIT.conflict,
    'Write in a text channel or a thread; "xcord forum post" begins one in a forum.'
  ),
  XCORD_CHANNEL_NOT_FOUND: outcome(404, EXIT.notFound, 'List channels with "xcord channel list".'),
  XCORD_CLOCK_SKEW: outcome(409, EXIT.verification, "Set this machine's clock, then try again."),
  XCORD_CLOSED: outcome(503, EXIT.unreachable, 'Start it again.'),
  XCORD_CONFIG_INVALID: outcome(
    400,
    EXIT.usage,
    'Correct that key; "xcord config list" shows where it comes from.'
  ),
  XCORD_CONFLICT: outcome(
    409,
    EXIT.conflict,
    'Look at the present state, then repeat what still makes sense.'
  ),
  XCORD_CONSENT_INVALID: outcome(422, EXIT.verification, 'Ask for a new consent, copied whole.'),
  XCORD_CONVERSATION_LEFT: outcome(409, EXIT.conflict, 'Open a new conversation with "xcord dm open".'),
  XCORD_CONVERSATION_NOT_FOUND: outcome(404, EXIT.notFound, 'List conversations with "xcord dm list".'),
  XCORD_CURSOR_EXPIRED: outcome(
    410,
    EXIT.notFound,
    'Read the present state, then follow events from now on.'
  ),
  XCORD_DAEMON_REFUSED: outcome(
    403,
    EXIT.fault,
    'Check that command and daemon are of one version; restart it.'
  ),
  XCORD_DAEMON_UNREACHABLE: outcome(503, EXIT.unreachable, 'Start it with "xcord daemon start".'),
  XCORD_DEADLINE: outcome(
    504,
    EXIT.deadline,
    'Allow more with --timeout; "xcord doctor" shows who can be reached.'
  ),
  XCORD_DEVICE_NOT_FOUND: outcome(404, EXIT.notFound, 'List devices with "xcord device list".'),
  XCORD_DEVICE_REVOKED: outcome(409, EXIT.conflict, 'To use that machine again, link it anew.'),
  XCORD_DISK_FULL: outcome(507, EXIT.fault, 'Free some space, then repeat; nothing needs repair.'),
  XCORD_EXPORT_INVALID: outcome(
    422,
    EXIT.verification,
    'Copy the file again, or ask a member for a new one.'
  ),
  XCORD_INVITE_EXPIRED: outcome(410, EXIT.denied, NEW_LINK),
  XCORD_INVITE_INVALID: outcome(400, EXIT.usage, 'Copy the whole link, with everything behind the "#".'),
  XCORD_INVITE_NOT_FOUND: outcome(404, EXIT.notFound, 'List invites with "xcord invite list".'),
  XCORD_INVITE_REVOKED: outcome(410, EXIT.denied, NEW_LINK),
  XCORD_INVITE_USED: outcome(410, EXIT.denied, NEW_LINK),
  XCORD_KEYCHAIN_MISMATCH: outcome(
    409,
    EXIT.locked,
    'Give the password; then "xcord keychain enable" sets the keychain up anew.'
  ),
  XCORD_KEYCHAIN_UNAVAILABLE: outcome(
    503,
    EXIT.locked,
    'Give the password. "xcord keychain status" says what is missing.'
  ),
  XCORD_KEYSTORE_INVALID: outcome(
    422,
    EXIT.verification,
    'Restore the file from a copy, or use "xcord recover".'
  ),
  XCORD_KEYSTORE_LOCKED: outcome(
    423,
    EXIT.locked,
    'Give the password at the prompt or with --password-file.'
  ),
  XCORD_KEYSTORE_OLDER: outcome(
    409,
    EXIT.conflict,
    'Restored it yourself? "xcord passwd" goes on with this copy. If not, revoke this device from another one.'
  ),
  XCORD_KEYSTORE_REFUSED: outcome(
    401,
    EXIT.locked,
    'Try the password again, or use "xcord recover" with the 24 words.'
  ),
  XCORD_LIMIT: outcome(413, EXIT.limit, 'Send less at once.'),
  XCORD_LINK_INVALID: outcome(400, EXIT.usage, "Copy the whole code from the new device's screen."),
  XCORD_LINK_REFUSED: outcome(409, EXIT.verification, 'Show a new code on the new device, then try again.'),
  XCORD_MEMBER_NOT_FOUND: outcome(404, EXIT.notFound, 'List members with "xcord member list".'),
  XCORD_MESSAGE_NOT_FOUND: outcome(404, EXIT.notFound, 'List messages with "xcord message list".'),
  XCORD_MESSAGE_TOO_LONG: outcome(
    413,
    EXIT.limit,
    'Shorten or split it; letters beyond ASCII take two to four bytes.'
  ),
  XCORD_NEWER_VERSION: outcome(422, EXIT.verification, 'Update XCord on this device.'),
  XCORD_NO_PEER: outcome(
    503,
    EXIT.unreachable,
    'Check that somebody of the server is online; try "xcord doctor".'
  ),
  XCORD_NO_PROFILE: outcome(
    404,
    EXIT.notFound,
    'Make one with "xcord init", or name another with --profile.'
  ),
  XCORD_VERIFYING: outcome(409, EXIT.conflict, 'Wait: it opens for writing by itself.'),
  XCORD_NO_AVATAR: outcome(404, EXIT.notFound, 'Nothing: "xcord profile show" says who wears one.'),
  XCORD_NOT_A_MEMBER: outcome(403, EXIT.denied, 'Join with an invite link.'),
  XCORD_PERMISSION_DENIED: outcome(403, EXIT.denied, 'Ask someone who may manage roles; nothing was sent.'),
  XCORD_PHRASE_INVALID: outcome(
    400,
    EXIT.verification,
    'Compare word by word with what you wrote down; order matters.'
  ),
  XCORD_PROOF_INVALID: outcome(422, EXIT.verification, 'Ask for it again; do not believe what it says.'),
  XCORD_PORT_IN_USE: outcome(
    409,
    EXIT.conflict,
    'Stop the other program, or listen on another port (0 takes any free one).'
  ),
  XCORD_PROFILE_EXISTS: outcome(409, EXIT.conflict, 'Use it, or choose another profile with --profile.'),
  XCORD_PROFILE_IN_USE: outcome(
    409,
    EXIT.conflict,
    'End the other process first, or use "xcord daemon start" so that all can share it.'
  ),
  XCORD_REQUEST_NOT_FOUND: outcome(404, EXIT.notFound, 'List requests with "xcord invite requests".'),
  XCORD_ROLE_NOT_FOUND: outcome(404, EXIT.notFound, 'List roles with "xcord role list".'),
  XCORD_SAFETY_MISMATCH: outcome(409, EXIT.verification, 'Do not trust that identity; compare once more.'),
  XCORD_SERVER_NOT_FOUND: outcome(
    404,
    EXIT.notFound,
    'List servers with "xcord server list", or join with a link.'
  ),
  XCORD_SLOW_MODE: outcome(429, EXIT.limit, 'Wait until the channel lets you write again; nothing was sent.'),
  XCORD_STORE_CORRUPT: outcome(
    500,
    EXIT.verification,
    'Copy the profile folder aside, then recover with phrase and links.'
  ),
  XCORD_STORE_FAILED: outcome(500, EXIT.fault, "Check the disk and the folder's permissions."),
  XCORD_USAGE: outcome(400, EXIT.usage, 'See --help.'),
  XCORD_VOICE_ABSENT: outcome(409, EXIT.usage, 'Join one first: "xcord voice join <channel>".'),
  XCORD_USER_BLOCKED: outcome(403, EXIT.denied, 'Take the block back with "xcord dm unblock".'),
  XCORD_USER_NOT_FOUND: outcome(404, EXIT.notFound, 'Join a server together, or check the name.'),
  XCORD_VOICE_FULL: outcome(409, EXIT.limit, 'Wait until somebody leaves, or take another channel.'),
  XCORD_VOICE_UNAVAILABLE: outcome(503, EXIT.unreachable, 'Install what the reason names.'),
  XCORD_INTERNAL: outcome(500, EXIT.fault, 'This is a fault of XCord: please report it.')
}

/** The outcome of a code; one we do not know (a newer daemon's) counts as a fault. */
export function outcomeOf(code: string): Outcome {
  return Object.hasOwn(OUTCOMES, code) ? OUTCOMES[code as AnyCode] : OUTCOMES.XCORD_INTERNAL
}

/**
 * Anything thrown as the JSON people and programs get.
 *
 * A fault of ours gives its message but no stack: stacks belong in logs.
 */
export function errorJson(error: unknown): ErrorJson {
  if (isXcordError(error)) {
    return { code: error.code, message: error.message, details: error.details, docs: error.docs }
  }
  if (error instanceof RangeError || error instanceof TypeError) {
    // An argument that got past the schemas: the caller's mistake, and the message names it.
    const wrong = error.cause === undefined && !/undefined|null|not a function/.test(error.message)
    if (wrong)
      return {
        code: 'XCORD_USAGE',
        message: error.message,
        details: { argument: '' },
        docs: docsOf('XCORD_USAGE')
      }
  }
  const message = error instanceof Error ? error.message : String(error)
  return { code: 'XCORD_INTERNAL', message, details: {}, docs: docsOf('XCORD_INTERNAL') }
}

/** An error as it travelled, as an error again. */
export function errorFromJson(json: {
  readonly code: string
  readonly message: string
  readonly details: unknown
}): Error {
  if (json.code === 'XCORD_INTERNAL') return new Error(json.message)
  return new XcordError(json.code as ErrorCode, json.message, json.details ?? {})
}

/** Where a code is explained. */
export function docsOf(code: string): string {
  return `docs/errors.md#${code.toLowerCase()}`
}

/** A command line that cannot be understood. */
export function usage(argument: string, message: string): XcordError<'XCORD_USAGE'> {
  return new XcordError('XCORD_USAGE', message, { argument })
}
