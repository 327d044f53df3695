/** Whether what we send sounds like somebody speaking: for those who look at the channel (VX5). Pure. */

/** Loudness of quiet speech close to a microphone, as root mean square of samples. */
const LOUD_RMS = 330
/** Speech has gaps between words: it is over after this long without any, ms. */
const HOLD_MS = 400

export class SpeechGate {
  #loudAt = -Infinity

  /** Takes a frame that goes out at `at`. */
  push(frame: Int16Array, at: number): void {
    let sum = 0
    for (const sample of frame) sum += sample * sample
    if (sum > LOUD_RMS * LOUD_RMS * frame.length) this.#loudAt = at
  }

  speaking(at: number): boolean {
    return at - this.#loudAt < HOLD_MS
  }
}
