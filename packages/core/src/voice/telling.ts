/** What people are told of a call: joins, changes and leaves, once each. */
import type { DeviceId } from '../base/index.ts'
import type { CallEvent, Participant, Standing } from './effects.ts'
import type { Pair } from './pair.ts'
import { isAudible } from './rights.ts'
import { VoiceFlags } from './signals.ts'

/** A pair as people see it. */
export function participantOf(pair: Pair, standing: Standing | undefined): Participant | undefined {
  if (standing === undefined) return undefined
  const { device, session, flags, path, trouble, heard, hears, speaking } = pair
  const silenced = !isAudible(standing)
  return {
    device,
    user: standing.user,
    session,
    muted: (flags & VoiceFlags.muted) !== 0,
    deafened: (flags & VoiceFlags.deafened) !== 0,
    speaking: !silenced && pair.connected && speaking,
    silenced,
    priority: !silenced && standing.priority && (flags & VoiceFlags.priority) !== 0,
    path,
    trouble,
    heard,
    hears
  }
}

export class Telling {
  readonly #told = new Map<DeviceId, { readonly participant: Participant; readonly text: string }>()

  /** What changed since the last time. Somebody with a new session left and joined. */
  changes(participants: readonly Participant[]): readonly CallEvent[] {
    const events: CallEvent[] = []
    const now = new Map(participants.map(each => [each.device, each]))
    for (const [device, { participant }] of this.#told) {
      if (now.get(device)?.session === participant.session) continue
      this.#told.delete(device)
      events.push({ type: 'leave', participant })
    }
    for (const participant of participants) {
      const text = JSON.stringify(participant)
      const known = this.#told.get(participant.device)
      if (known?.text === text) continue
      this.#told.set(participant.device, { participant, text })
      events.push({ type: known === undefined ? 'join' : 'update', participant })
    }
    return events
  }
}
