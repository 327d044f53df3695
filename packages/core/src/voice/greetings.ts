/** VX8: whom presence shows and who has not answered yet is greeted again, less and less often. */
import type { DeviceId } from '../base/index.ts'
import { REPEAT_MS, REPEAT_MS_MAX } from './limits.ts'

export class Greetings {
  readonly #waits = new Map<DeviceId, { nextAt: number; waitMs: number }>()

  /** Those to greet now, of those who are to be greeted at all. */
  due<T extends { readonly device: DeviceId }>(wanted: readonly T[], at: number): readonly T[] {
    const devices = new Set(wanted.map(each => each.device))
    for (const device of this.#waits.keys()) if (!devices.has(device)) this.#waits.delete(device)
    return wanted.filter(({ device }) => {
      const wait = this.#waits.get(device) ?? { nextAt: at, waitMs: REPEAT_MS }
      this.#waits.set(device, wait)
      if (at < wait.nextAt) return false
      wait.nextAt = at + wait.waitMs
      wait.waitMs = Math.min(wait.waitMs * 2, REPEAT_MS_MAX)
      return true
    })
  }
}
