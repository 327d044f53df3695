/** VX7: how much one device may say to us. */
import type { DeviceId } from '../base/index.ts'
import { FRAMES_MAX, FRAMES_WINDOW_MS } from './limits.ts'

/** Devices that are counted at once; whoever has more identities than this gains a window by each. */
const DEVICES_MAX = 4_096

export class FloodMeter {
  readonly #windows = new Map<DeviceId, { count: number; since: number }>()

  /** Counts one frame; true where the device has said more than a window takes. */
  tooMuch(device: DeviceId, at: number): boolean {
    let window = this.#windows.get(device)
    if (window === undefined || at - window.since >= FRAMES_WINDOW_MS) {
      if (window === undefined && this.#windows.size >= DEVICES_MAX) this.#forget(at)
      this.#windows.set(device, (window = { count: 0, since: at }))
    }
    window.count++
    return window.count > FRAMES_MAX
  }

  #forget(at: number): void {
    for (const [device, { since }] of this.#windows)
      if (at - since >= FRAMES_WINDOW_MS) this.#windows.delete(device)
    if (this.#windows.size >= DEVICES_MAX) this.#windows.clear()
  }
}
