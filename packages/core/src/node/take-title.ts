/** Takes the sealed name and topic of a channel that not all may view (EK19). */
import type { DeviceId } from '../base/index.ts'
import { type OpenedEnvelope, readChannelName } from '../e2ee/index.ts'
import type { EnvelopeStub } from '../graph/index.ts'
import { channelNameTable } from './tables.ts'
import type { Outcome } from './take-envelopes.ts'
import type { Work } from './work.ts'

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
  const verdict = state.log.judge({
    device,
    seq: envelope.seq,
    id: envelope.id,
    channel,
    auth: payload.auth,
    at: payload.at,
    needs: ['ManageChannels']
  })
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
    turn.events.push({ type: 'channel:update', server: state.server, refs: [channel], note: null })
  }
  return { status: 'opened', channel }
}
