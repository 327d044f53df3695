/**
 * A queue between a source that delivers when it can and an encoder that wants one frame every 10 ms (VX62): short
 * enough that nobody talks past each other, deep enough that an ordinary hiccup is not heard.
 */
import type { PcmFrame } from './frame.ts'

/** Frames gathered before playing begins, after it ran dry: 20 ms. */
const DEPTH_START = 2
/** Frames that may wait at most: 200 ms. Older ones are dropped, since late speech is worse than lost speech. */
const DEPTH_MAX = 20
/** Frames looked at before a standing queue is shortened: half a second. */
const WINDOW = 50

/** One direction of one source. */
export interface Pacer {
  push(frame: PcmFrame): void
  /** The frame for this moment; undefined where there is none: send silence. Call it every 10 ms. */
  next(): PcmFrame | undefined
  clear(): void
}

/** An empty pacer. */
export function createPacer(): Pacer {
  let queue: PcmFrame[] = []
  let playing = false
  let waited = 0
  let shallowest = DEPTH_MAX
  let seen = 0
  const restart = (): void => {
    playing = false
    waited = 0
    shallowest = DEPTH_MAX
    seen = 0
  }
  /** What never was needed in the whole window is delay and nothing else. */
  const shorten = (): void => {
    shallowest = Math.min(shallowest, queue.length)
    seen += 1
    if (seen < WINDOW) return
    if (shallowest > DEPTH_START) queue = queue.slice(shallowest - DEPTH_START)
    shallowest = DEPTH_MAX
    seen = 0
  }
  return {
    push: frame => {
      queue.push(frame)
      if (queue.length > DEPTH_MAX) queue.shift()
    },
    next: () => {
      if (queue.length === 0) {
        restart()
        return undefined
      }
      if (!playing) {
        // A single frame that nothing follows is played too, a moment later.
        waited += 1
        if (queue.length < DEPTH_START && waited < DEPTH_START) return undefined
        playing = true
      }
      shorten()
      return queue.shift()
    },
    clear: () => {
      queue = []
      restart()
    }
  }
}
