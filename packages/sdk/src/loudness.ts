/** How loud somebody in a call is played, on every platform alike. */
import type { DeviceId, UserId } from '@xcord/core'
import type { VoiceSession } from './voice-types.ts'

/** What others are turned down to while somebody speaks who is to be heard before them (VX13). */
const BESIDE_PRIORITY = 0.25

/** What the listener chose, by member. */
export class Volumes {
  readonly #session: VoiceSession
  readonly #chosen = new Map<UserId, number>()

  constructor(session: VoiceSession) {
    this.#session = session
  }

  /** 0 silent, 1 as they are, at most 2. RangeError for another number. */
  set(member: UserId, volume: number): void {
    if (!(volume >= 0 && volume <= 2)) throw new RangeError('a volume is 0 to 2')
    this.#chosen.set(member, volume)
  }

  /** The factor for what comes of one device now. */
  of(member: UserId, device: DeviceId): number {
    const first = this.#session.participants.filter(each => each.priority && each.speaking)
    const beside = first.length > 0 && !first.some(each => each.device === device)
    return (this.#chosen.get(member) ?? 1) * (beside ? BESIDE_PRIORITY : 1)
  }
}
