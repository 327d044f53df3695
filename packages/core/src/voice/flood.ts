/** VX7: how much one device may say to us. */
import type { DeviceId } from '../base/index.ts'
import { FRAMES_MAX, FRAMES_WINDOW_MS } from './limits.ts'

export class FloodMeter {
  readonly #windows = new Map<DeviceId, { count: number; since: number }>()

  /** Counts one frame; true where the device has said more than a window takes. */
  tooMuch(device: DeviceId, at: number): boolean {
    let window = this.#windows.get(device)
    if (window === undefined || at - window.since >= FRAMES_WINDOW_MS)
      this.#windows.set(device, (window = { count: 0, since: at }))
    window.count++
    return window.count > FRAMES_MAX
  }
}
