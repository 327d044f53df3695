/**
 * Hello (SY2): both prove which topic secrets they share, and show a stranger only how many servers they may
 * have, rounded up. The dialler's tokens number the servers from then on (handles).
 */
import { idToBytes, refuse, type Refusal, type ServerId } from '../base/index.ts'
import { kdf, type Suite } from '../crypto/index.ts'
import { concatBytes, equalBytes, utf8 } from '../encoding/index.ts'
import { toString } from 'uint8arrays'
import type { ServerView } from './contract.ts'
import { createShare } from './create-share.ts'
import type { Frame } from './frames.ts'
import { SECRETS_KEPT_MAX, TOKEN_FRAMES_MAX, TOKEN_SIZES } from './limits.ts'
import { randomBelow } from './random-below.ts'
import { endShare } from './end-session.ts'
import { type Session, send, type Share, type Turn, viewOf } from './session.ts'
import { acceptSummary, openShare } from './summary.ts'

const NONCE_BYTES = 32
const TOKEN_BYTES = 16
/** Feature bit 0: range reconciliation (SY6). */
const RANGES = 1
const ROLE = { dialler: utf8('d'), listener: utf8('l') } as const

/**
 * HMAC(KDF(topicSecret, "hello"), role ‖ nonceD ‖ nonceL ‖ PeerD ‖ PeerL)[0..16).
 *
 * @param context - nonceD ‖ nonceL ‖ PeerD ‖ PeerL, devices as their 32 key bytes.
 */
export function helloToken(
  suite: Suite,
  secret: Uint8Array,
  role: 'dialler' | 'listener',
  context: Uint8Array
): Uint8Array {
  return suite
    .hmacSha256(kdf(suite, secret, 'hello'), concatBytes([ROLE[role], context]))
    .subarray(0, TOKEN_BYTES)
}

function featuresOf(turn: Turn): number {
  return turn.world.init.ranges === false ? 0 : RANGES
}

/** What the peer speaks, as far as we do. Bits beyond 2^32 are of no feature that we know. */
function noteFeatures(turn: Turn, session: Session, features: number): void {
  session.ranges = featuresOf(turn) === RANGES && features % 2 === RANGES
}

type Slot = Session['slots'][number]

function contextOf(turn: Turn, session: Session): Uint8Array {
  const own = idToBytes(turn.world.init.device)
  const peer = idToBytes(session.peer)
  const devices = session.role === 'dialler' ? [own, peer] : [peer, own]
  return concatBytes([session.nonceD, session.nonceL, ...devices])
}

function tokenOf(turn: Turn, session: Session, secret: Uint8Array, role: 'dialler' | 'listener'): Uint8Array {
  return helloToken(turn.world.init.suite, secret, role, contextOf(turn, session))
}

/** Tokens of the given slots among random ones, padded to a size class and shuffled; slots in the same order. */
function padTokens(
  turn: Turn,
  session: Session,
  wanted: readonly NonNullable<Slot>[]
): { tokens: Uint8Array[]; slots: Slot[] } {
  const { random } = turn.world.init
  const kept = wanted.slice(0, TOKEN_SIZES.at(-1))
  const size = TOKEN_SIZES.find(each => each >= kept.length) as number
  const slots: Slot[] = [...kept, ...new Array<null>(size - kept.length).fill(null)]
  for (let i = slots.length - 1; i > 0; i--) {
    const j = randomBelow(random, i + 1)
    const moved = slots[i] as Slot
    slots[i] = slots[j] as Slot
    slots[j] = moved
  }
  const tokens = slots.map(slot =>
    slot === null ? random.bytes(TOKEN_BYTES) : tokenOf(turn, session, slot.secret, session.role)
  )
  return { tokens, slots }
}

/** Which of the peer's tokens are of servers we know, by place; a server counts once. */
function matchTokens(
  turn: Turn,
  session: Session,
  tokens: readonly Uint8Array[]
): Map<number, NonNullable<Slot>> {
  const role = session.role === 'dialler' ? 'listener' : 'dialler'
  const expected = new Map<string, NonNullable<Slot>>()
  for (const view of turn.world.init.views.values()) {
    for (const secret of view.kept().slice(0, SECRETS_KEPT_MAX)) {
      expected.set(toString(tokenOf(turn, session, secret, role), 'hex'), { server: view.server, secret })
    }
  }
  const out = new Map<number, NonNullable<Slot>>()
  const found = new Set<ServerId>([...session.shares.values()].map(share => share.server))
  for (const [index, token] of tokens.entries()) {
    const slot = expected.get(toString(token, 'hex'))
    if (slot === undefined || found.has(slot.server)) continue
    found.add(slot.server)
    out.set(index, slot)
  }
  return out
}

/** Every server's current secret, then every server's next one, and so on: what does not fit is the oldest. */
function offeredSlots(views: Iterable<ServerView>): NonNullable<Slot>[] {
  const offered = [...views].map(view => ({ server: view.server, secrets: view.offered() }))
  const rounds = Math.max(0, ...offered.map(each => each.secrets.length))
  return Array.from({ length: rounds }).flatMap((_, round) =>
    offered.flatMap(({ server, secrets }) =>
      secrets.slice(round, round + 1).map(secret => ({ server, secret }))
    )
  )
}

/** A stream stands: its dialler begins. */
export function beginHello(turn: Turn, session: Session): void {
  if (session.role !== 'dialler') return
  session.nonceD = turn.world.init.random.bytes(NONCE_BYTES)
  send(turn, session, { kind: 'hello', nonce: session.nonceD, features: featuresOf(turn) })
}

/** Step 1 at the listener. */
export function onHello(
  turn: Turn,
  session: Session,
  frame: Extract<Frame, { kind: 'hello' }>
): Refusal | undefined {
  if (session.role !== 'listener' || session.phase !== 'hello') return refuse('SY2', 'hello out of turn')
  const { random, views } = turn.world.init
  session.nonceD = frame.nonce
  noteFeatures(turn, session, frame.features)
  session.nonceL = random.bytes(NONCE_BYTES)
  session.phase = 'tokens'
  const { tokens } = padTokens(turn, session, offeredSlots(views.values()))
  send(turn, session, { kind: 'welcome', nonce: session.nonceL, features: featuresOf(turn), tokens })
  return undefined
}

/** Step 2 at the dialler; it answers with step 3. */
export function onWelcome(
  turn: Turn,
  session: Session,
  frame: Extract<Frame, { kind: 'welcome' }>
): Refusal | undefined {
  if (session.role !== 'dialler' || session.phase !== 'hello') return refuse('SY2', 'welcome out of turn')
  session.nonceL = frame.nonce
  noteFeatures(turn, session, frame.features)
  session.phase = 'ready'
  const matched = new Map(
    [...matchTokens(turn, session, frame.tokens).values()].map(slot => [slot.server, slot])
  )
  // Under the secret that the listener knows, where it showed one: its own current one may be news to it.
  const rest = offeredSlots([...turn.world.init.views.values()].filter(view => !matched.has(view.server)))
  offerTokens(turn, session, [...matched.values(), ...rest], matched)
  return undefined
}

/** The dialler's tokens, and an `open` for each server that the listener already proved. */
function offerTokens(
  turn: Turn,
  session: Session,
  wanted: readonly NonNullable<Slot>[],
  matched: ReadonlyMap<ServerId, Slot>
): void {
  const first = session.slots.length
  const { tokens, slots } = padTokens(turn, session, wanted)
  session.slots.push(...slots)
  session.tokenFramesSent++
  send(turn, session, { kind: 'tokens', tokens })
  for (const [index, slot] of slots.entries()) {
    if (slot !== null && matched.has(slot.server)) matchShare(turn, session, first + index, slot)
  }
}

/** Step 3 at the listener; later, at both sides, tokens of servers added since. */
export function onTokens(
  turn: Turn,
  session: Session,
  frame: Extract<Frame, { kind: 'tokens' }>
): Refusal | undefined {
  if (session.phase === 'hello') return refuse('SY2', 'tokens out of turn')
  if (++session.tokenFrames > TOKEN_FRAMES_MAX)
    return refuse('SY13', `more than ${TOKEN_FRAMES_MAX} tokens frames`)
  const first = session.tokensSeen
  const wasReady = session.phase === 'ready'
  session.phase = 'ready'
  const matched = matchTokens(turn, session, frame.tokens)
  if (session.role === 'dialler') {
    const slots = [...matched.values()]
    if (slots.length > 0) offerTokens(turn, session, slots, new Map(slots.map(slot => [slot.server, slot])))
    return undefined
  }
  session.tokensSeen += frame.tokens.length
  for (const [index, slot] of matched) matchShare(turn, session, first + index, slot)
  if (!wasReady && session.shares.size === 0)
    turn.effects.push({ type: 'unmatched', session: session.id, device: session.peer })
  return undefined
}

function matchShare(turn: Turn, session: Session, handle: number, slot: NonNullable<Slot>): Share {
  const share = createShare(session, slot.server, handle, slot.secret)
  session.shares.set(handle, share)
  turn.effects.push({ type: 'matched', session: session.id, device: session.peer, server: slot.server })
  openMatched(turn, share)
  // A listener that knows the dialler as removed says so and no more; a dialler waits whether it is opened.
  if (!share.opened && session.role === 'listener') endShare(turn, share, 'SY3')
  return share
}

/** Opens a matched server where the peer's standing allows it (SY3). */
export function openMatched(turn: Turn, share: Share): void {
  if (share.opened) return
  const standing = viewOf(turn, share)?.standing(share.session.peer) ?? 'none'
  if (standing === 'none') return
  openShare(turn, share, tokenOf(turn, share.session, share.secret, share.session.role))
}

/** The peer opens a server: its proof is checked before anything is told. */
export function onOpen(
  turn: Turn,
  session: Session,
  frame: Extract<Frame, { kind: 'open' }>
): Refusal | undefined {
  if (session.phase !== 'ready') return refuse('SY2', 'open out of turn')
  if (session.ended.has(frame.handle)) return undefined
  const known = session.shares.get(frame.handle)
  if (known !== undefined && known.theirs !== null) return refuse('SY2', 'opened twice')
  const slot = known ?? (session.role === 'dialler' ? session.slots[frame.handle] : undefined)
  if (slot === undefined || slot === null) return refuse('SY2', 'opens a server that nobody offered')
  const proof = tokenOf(turn, session, slot.secret, session.role === 'dialler' ? 'listener' : 'dialler')
  if (!equalBytes(proof, frame.proof)) return refuse('SY2', 'the proof does not fit')
  if (known === undefined && [...session.shares.values()].some(share => share.server === slot.server))
    return undefined
  const share = known ?? matchShare(turn, session, frame.handle, slot)
  if (!share.opened) {
    if (session.shares.has(frame.handle)) endShare(turn, share, 'SY3')
    return undefined
  }
  return acceptSummary(turn, share, frame.summary)
}

/** A server or secret was added: looks for it on every ready stream that does not share it yet. */
export function offerServer(turn: Turn, session: Session, view: ServerView): void {
  if (session.phase !== 'ready' || [...session.shares.values()].some(share => share.server === view.server))
    return
  // What a peer bears of these is bounded; the last few are for what may come with a new stream only.
  if (session.tokenFramesSent >= TOKEN_FRAMES_MAX / 2) return
  if (session.role === 'dialler') offerTokens(turn, session, offeredSlots([view]), new Map())
  else {
    session.tokenFramesSent++
    send(turn, session, { kind: 'tokens', tokens: padTokens(turn, session, offeredSlots([view])).tokens })
  }
}
