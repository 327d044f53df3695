/** Takes the sealed name and topic of a channel that not all may view (EK19). */
import { type ChannelId, type DeviceId, idAs } from '../../base/index.ts'
import { KINDS, type PermissionName } from '../../authority/index.ts'
import { type OpenedEnvelope, readChannelName } from '../../e2ee/index.ts'
import type { EnvelopeStub } from '../../graph/index.ts'
import type { ReplicaState } from '../replica/replica-state.ts'
import { channelNameTable } from '../replica/tables.ts'
import type { Outcome } from './take-envelopes.ts'
import type { Work } from '../replica/work.ts'

/** Beside viewing it: of a thread nothing for its maker, else ManageThreads; of another channel ManageChannels. */
function mayEntitle(state: ReplicaState, channel: ChannelId, device: DeviceId): readonly PermissionName[] {
  const made = state.log.get(idAs('o', channel))
  if (made?.kind !== KINDS.threadCreate[0]) return ['ManageChannels']
  const authority = state.log.state()
  const own = authority.device(made.device)?.user === authority.device(device)?.user
  return own ? [] : ['ManageThreads']
}

/** Takes a title that somebody sealed: only of a device that may manage the channel; the highest (revision, device) counts. */
export function takeTitle(
  work: Work,
  device: DeviceId,
  envelope: EnvelopeStub,
  opened: OpenedEnvelope
): Outcome {
  const { state, turn } = work
  const { channel, payload } = opened
  if (payload.body.kind !== 'channelName') return { status: 'refused', channel }
  const read = readChannelName(state.deps.suite, payload.body.name)
  if (!read.ok || read.value.channel !== channel || read.value.device !== device)
    return { status: 'refused', channel }
  const act = { device, seq: envelope.seq, id: envelope.id, channel, auth: payload.auth, at: payload.at }
  const verdict = state.log.judge({ ...act, needs: mayEntitle(state, channel, device) })
  if (verdict.kind === 'waiting')
    return { status: 'waiting', channel, waitsFor: { keyId: null, operations: verdict.missing } }
  if (verdict.kind !== 'visible') return { status: 'refused', channel }
  const { name, topic, revision } = read.value
  const known = state.channelNames.get(channel)
  if (
    known === undefined ||
    known.revision < revision ||
    (known.revision === revision && known.device < device)
  ) {
    state.channelNames.set(channel, { name, topic, revision, device })
    turn.batch.put(channelNameTable, [state.server, channel], { version: 1, bytes: payload.body.name })
    turn.viewChanged = true
    const noun = state.log.get(idAs('o', channel))?.kind === KINDS.threadCreate[0] ? 'thread' : 'channel'
    turn.events.push({ type: `${noun}:update`, server: state.server, refs: [channel], note: null })
  }
  return { status: 'opened', channel }
}
