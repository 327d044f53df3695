/** Who is in which voice channel, as everybody who may see it is told (VX5): said again and again, or forgotten. */
import { accept, type ChannelId, type DeviceId, refuse, type Verdict } from '../base/index.ts'
import { EPHEMERAL_MS_MAX, PRESENCE_MS_MAX, PRESENT_MAX } from './limits.ts'
import type { SessionId } from './signals.ts'

/** What a device said of itself. */
export interface VoiceState {
  /** null: not in a call any more. */
  readonly session: SessionId | null
  readonly channel: ChannelId
  readonly flags: number
  /** By its clock, ms. */
  readonly at: number
}

/** A device that is in a channel. */
export interface Present {
  readonly device: DeviceId
  readonly session: SessionId
  readonly channel: ChannelId
  readonly flags: number
}

interface Row {
  readonly state: VoiceState
  readonly heardAt: number
}

/** One server's book of presence. A device is in one channel at a time. */
export class PresenceBook {
  readonly #rows = new Map<DeviceId, Row>()

  /** Takes what a device said. Accepts with whether anything changed for people. */
  note(device: DeviceId, state: VoiceState, at: number): Verdict<boolean> {
    if (state.at < at - EPHEMERAL_MS_MAX || state.at > at + EPHEMERAL_MS_MAX)
      return refuse('VX5', 'presence of another time')
    const known = this.#rows.get(device)
    if (known !== undefined && state.at <= known.state.at)
      return refuse('VX5', 'presence that was heard before')
    if (known === undefined && this.#inChannel(state.channel, at).length >= PRESENT_MAX)
      return refuse('VX5', 'more devices than a channel shows')
    this.#rows.set(device, { state, heardAt: at })
    const before = known === undefined || isOver(known, at) ? undefined : known.state
    return accept(
      before?.session !== state.session || before.flags !== state.flags || before.channel !== state.channel
    )
  }

  /**
   * Forgets what was not said again; the channels in which people would see it. What was said stays known while it could
   * be replayed.
   */
  expire(at: number): ReadonlySet<ChannelId> {
    const changed = new Set<ChannelId>()
    for (const [device, row] of this.#rows) {
      const shown = row.state.session !== null
      if (shown && isOver(row, at)) {
        changed.add(row.state.channel)
        this.#rows.set(device, { ...row, state: { ...row.state, session: null } })
      } else if (at - row.heardAt > 2 * EPHEMERAL_MS_MAX) this.#rows.delete(device)
    }
    return changed
  }

  /** Whether nothing is known that time could change. */
  get isEmpty(): boolean {
    return this.#rows.size === 0
  }

  /** Those in a channel, by device. */
  in(channel: ChannelId, at: number): readonly Present[] {
    return this.#inChannel(channel, at).sort((a, b) => (a.device < b.device ? -1 : 1))
  }

  of(device: DeviceId, at: number): Present | undefined {
    const row = this.#rows.get(device)
    return row === undefined || isOver(row, at) ? undefined : presentOf(device, row)
  }

  #inChannel(channel: ChannelId, at: number): Present[] {
    const found: Present[] = []
    for (const [device, row] of this.#rows) {
      if (row.state.channel !== channel || isOver(row, at)) continue
      const present = presentOf(device, row)
      if (present !== undefined) found.push(present)
    }
    return found
  }
}

function isOver({ heardAt }: Row, at: number): boolean {
  return at - heardAt >= PRESENCE_MS_MAX
}

function presentOf(device: DeviceId, { state }: Row): Present | undefined {
  const { session, channel, flags } = state
  return session === null ? undefined : { device, session, channel, flags }
}
