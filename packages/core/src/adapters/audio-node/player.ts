/** Frames out of a file or a tone, one every 10 ms by the clock. */
import { readFile, stat } from 'node:fs/promises'
import { FRAME_MS, type PcmFrame, readWav, toneFrames } from '../../audio/index.ts'
import { XcordError } from '../../base/index.ts'

/** A WAV file that is read whole: 20 minutes of stereo at 48 kHz. */
const FILE_BYTES_MAX = 256 * 1_024 * 1_024
/** After a longer stop the clock begins anew instead of catching up. */
const BEHIND_MS_MAX = 200

/** Calls `run` every 10 ms by the clock, until it is told to stop. Late timers are made up for. */
export function everyFrame(run: () => void): () => void {
  let due = performance.now()
  let timer: NodeJS.Timeout
  const step = (): void => {
    const now = performance.now()
    if (now - due > BEHIND_MS_MAX) due = now
    timer = setTimeout(step, Math.max(1, due + FRAME_MS - now))
    for (; due <= now; due += FRAME_MS) run()
  }
  timer = setTimeout(step, 0)
  return () => clearTimeout(timer)
}

/** Plays frames until there are none or it is stopped. */
export function play(
  frames: Iterator<PcmFrame>,
  out: (frame: PcmFrame) => void,
  ended: () => void = () => undefined
): () => void {
  let over = false
  const stop = everyFrame(() => {
    if (over) return
    const { value, done } = frames.next()
    if (done !== true) {
      out(value)
      return
    }
    over = true
    stop()
    ended()
  })
  return () => {
    over = true
    stop()
  }
}

/** A tone without an end. */
export function* toneSource(hz: number): Generator<PcmFrame, undefined> {
  const frameAt = toneFrames(hz)
  for (let index = 0; ; index += 1) yield frameAt(index)
}

/**
 * The frames of a WAV file.
 *
 * @throws XcordError `XCORD_AUDIO_FORMAT` where it is none, is too large, or cannot be read.
 */
export async function fileSource(path: string): Promise<Generator<PcmFrame, undefined>> {
  const refuse = (reason: string, cause?: unknown): never => {
    throw new XcordError(
      'XCORD_AUDIO_FORMAT',
      `${path} cannot be played: ${reason}.`,
      { reason, path },
      { cause }
    )
  }
  try {
    const { size } = await stat(path)
    if (size > FILE_BYTES_MAX) refuse(`it is larger than ${FILE_BYTES_MAX} bytes`)
    return readWav(await readFile(path)).frames()
  } catch (error) {
    if (error instanceof XcordError)
      return refuse((error as XcordError<'XCORD_AUDIO_FORMAT'>).details.reason, error)
    return refuse(error instanceof Error ? error.message : String(error), error)
  }
}
