/**
 * What a call needs of a media engine (VX10): links to single peers that carry audio. The call decides who is linked
 * and who is heard; the engine knows no identities, checks no signature and decides nothing.
 *
 * An engine fulfils it as an adapter. A link is named by a number of the caller, never used twice. Commands return at
 * once and are carried out in order; what comes of them is told as events. A command for a link that is not open, or not
 * any more, does nothing: the two sides are asynchronous, and either may be the first to close. Sound has VX60's one shape.
 */

/** A link's number, chosen by the caller; larger for each new one. */
export type LinkId = number

/** What an engine may ask for its own address or a relay (RTCIceServer). Never filled with anybody's default (PF16). */
export interface IceServer {
  readonly urls: readonly string[]
  readonly username?: string
  readonly credential?: string
}

/** How to make a link. */
export interface LinkInit {
  /** Offers at once; the other side waits for the offer. */
  readonly initiator: boolean
  /** Empty for none. */
  readonly iceServers: readonly IceServer[]
  /** Only paths through a TURN server of `iceServers`. */
  readonly relayOnly: boolean
  /** What audio may take; 0 leaves it to the engine. */
  readonly bitrateKbps: number
}

/** One side of the negotiation, whole. */
export interface LinkDescription {
  readonly type: 'offer' | 'answer'
  readonly sdp: string
}

/** A candidate as RTCIceCandidateInit has it; an empty text ends them. */
export interface LinkCandidate {
  readonly candidate: string
  readonly mid: string | null
  readonly line: number | null
}

/** What travels between the two sides of a link before media does. */
export type LinkSignal =
  | { readonly kind: 'description'; readonly description: LinkDescription }
  | { readonly kind: 'candidate'; readonly candidate: LinkCandidate }

/** Why a link ended. `codec`: the other side has no Opus. `crashed`: the engine itself went, and a new link may be tried. */
export type LinkFailure = 'ice' | 'dtls' | 'description' | 'codec' | 'crashed' | 'limit'

/** What an engine tells. After `failed` or `closed` a link tells nothing more. */
export type MediaEvent =
  /** For the other side's `take`. A fresh certificate for each link: its fingerprint is in the SDP. */
  | { readonly kind: 'signal'; readonly link: LinkId; readonly signal: LinkSignal }
  /** Media can flow; again after `interrupted`. */
  | { readonly kind: 'connected'; readonly link: LinkId }
  /** No path at present; it may come back by itself. */
  | { readonly kind: 'interrupted'; readonly link: LinkId }
  | {
      readonly kind: 'failed'
      readonly link: LinkId
      readonly failure: LinkFailure
      readonly reason: string
    }
  /** By the other side. */
  | { readonly kind: 'closed'; readonly link: LinkId }
  /** The first media packet came in. Told whether or not anybody is to be heard (silence is media too). */
  | { readonly kind: 'arrived'; readonly link: LinkId }
  /** No packet for two seconds, though there is a path; `arrived` is told again when one comes. */
  | { readonly kind: 'stalled'; readonly link: LinkId }
  /** 480 samples from the other side; only while receiving. Owned by the listener. */
  | { readonly kind: 'audio'; readonly link: LinkId; readonly frame: Int16Array }
  /** What the other side sounds like, at most ten times a second: loudness in dBFS (−127 to 0), and whether it is speech. */
  | { readonly kind: 'level'; readonly link: LinkId; readonly dbfs: number; readonly speaking: boolean }

/** One pair's quality since its link was opened, or since the last question where it says so. null: not known (yet). */
export interface LinkStats {
  readonly rttMs: number | null
  readonly jitterMs: number | null
  /** Of packets expected from the other side since the last question, 0 to 100. */
  readonly lossPct: number | null
  readonly receivedKbps: number | null
  readonly sentKbps: number | null
  /** Of the audio played since the last question, 0 to 100: made up because it was missing. */
  readonly concealedPct: number | null
  readonly path: 'direct' | 'relay' | null
  readonly packetsReceived: number
  readonly packetsSent: number
}

/**
 * A media engine. A link sends silence while it has nothing to send, is not `sending`, or gets no frames, so that the other
 * side sees packets arrive in any case.
 */
export interface MediaPort {
  open(link: LinkId, init: LinkInit): void
  /**
   * Takes what the other side's `signal` event gave; candidates may come before their description. What it cannot read
   * fails the link (`description`).
   */
  take(link: LinkId, signal: LinkSignal): void
  /** One frame for each of these links, copied. Links that are not connected or not sending drop it. */
  send(links: readonly LinkId[], frame: Int16Array): void
  /** Whether the other side gets our frames (else silence). Off until said. */
  setSending(link: LinkId, on: boolean): void
  /** Whether `audio` and `level` of this link are told (else nothing of it leaves the engine). Off until said. */
  setReceiving(link: LinkId, on: boolean): void
  /** undefined where the link is not open. */
  stats(link: LinkId): Promise<LinkStats | undefined>
  close(link: LinkId): void
  listen(listener: (event: MediaEvent) => void): () => void
  /** Ends all links and the engine. */
  stop(): Promise<void>
}
