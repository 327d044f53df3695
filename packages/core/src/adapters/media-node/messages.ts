/** What goes between a peer and its engine's process. Only types: nothing native is loaded by knowing them. */
import { FRAME_SAMPLES } from '../../audio/index.ts'
import type { LinkId, LinkInit, LinkSignal, LinkStats, MediaEvent } from '../../voice/index.ts'

export type ToEngine =
  | { readonly kind: 'open'; readonly link: LinkId; readonly init: LinkInit }
  | { readonly kind: 'take'; readonly link: LinkId; readonly signal: LinkSignal }
  | { readonly kind: 'send'; readonly links: readonly LinkId[]; readonly frame: Int16Array }
  | { readonly kind: 'sending'; readonly link: LinkId; readonly on: boolean }
  | { readonly kind: 'receiving'; readonly link: LinkId; readonly on: boolean }
  | { readonly kind: 'stats'; readonly link: LinkId; readonly ask: number }
  | { readonly kind: 'close'; readonly link: LinkId }
  | { readonly kind: 'ping' }
  | { readonly kind: 'stop' }

export type FromEngine =
  | { readonly kind: 'ready' }
  /** It cannot run at all; it ends by itself. */
  | { readonly kind: 'unavailable'; readonly reason: string }
  | { readonly kind: 'events'; readonly events: readonly MediaEvent[] }
  | { readonly kind: 'stats'; readonly ask: number; readonly stats: LinkStats | undefined }
  | { readonly kind: 'pong' }

/**
 * Whether an event is one that may be told on. The engine parses what strangers send, in native code: what it says is
 * looked at before anybody believes its shape.
 */
export function isSoundEvent(event: MediaEvent): boolean {
  if (typeof event !== 'object' || event === null || !Number.isSafeInteger(event.link)) return false
  switch (event.kind) {
    case 'audio':
      return event.frame instanceof Int16Array && event.frame.length === FRAME_SAMPLES
    case 'level':
      return Number.isFinite(event.dbfs) && typeof event.speaking === 'boolean'
    case 'signal':
      return isSignal(event.signal)
    case 'failed':
      return typeof event.failure === 'string' && typeof event.reason === 'string'
    case 'connected':
    case 'interrupted':
    case 'closed':
    case 'arrived':
    case 'stalled':
      return true
    default:
      return false
  }
}

function isSignal(signal: LinkSignal): boolean {
  if (typeof signal !== 'object' || signal === null) return false
  return signal.kind === 'description'
    ? typeof signal.description?.sdp === 'string'
    : signal.kind === 'candidate' && typeof signal.candidate?.candidate === 'string'
}
