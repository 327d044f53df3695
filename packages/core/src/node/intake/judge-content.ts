/** Judges opened content by authority (AU34–AU38) and hands what may be seen to the timeline. */
import { type DeviceId, idAs } from '../../base/index.ts'
import type { Body, OpenedEnvelope } from '../../e2ee/index.ts'
import type { EnvelopeStub } from '../../graph/index.ts'
import { type TimelineBody, validateBody } from '../../timeline/index.ts'
import { breaksAutomod, noteSent } from './arrival-rules.ts'
import { takesMessages } from '../intents/channel-kinds.ts'
import { permissionsFor } from './content-permissions.ts'
import { actTable } from '../replica/tables.ts'
import { takeTitle } from './take-title.ts'
import { withTip } from './tips.ts'
import type { Outcome } from './take-envelopes.ts'
import type { Work } from '../replica/work.ts'

/**
 * Content from further ahead is held until then, as operations are sooner (AU6): it would stand last in its channel,
 * and whoever read it would have read all that is still to come. A day, so that a wrong time zone stops nobody.
 */
const CONTENT_AHEAD_MS_MAX = 86_400_000

/** Whether content claims a time so far ahead that it waits. */
export function isFarAhead(at: number, now: number): boolean {
  return at - CONTENT_AHEAD_MS_MAX > now
}

/** The bodies that make up a timeline. */
export function timelineBody(body: Body): TimelineBody | undefined {
  return body.kind === 'message' ||
    body.kind === 'edit' ||
    body.kind === 'delete' ||
    body.kind === 'reaction' ||
    body.kind === 'pin'
    ? body
    : undefined
}

/** Judges one opened content envelope; what is visible or hidden becomes an item of the turn. */
export function judgeContent(
  work: Work,
  device: DeviceId,
  envelope: EnvelopeStub,
  opened: OpenedEnvelope
): Outcome {
  const { state } = work
  if (opened.payload.body.kind === 'channelName') return takeTitle(work, device, envelope, opened)
  const body = timelineBody(opened.payload.body)
  const channel = opened.channel
  // Kinds of newer clients are kept in their chain, unshown (EN6).
  if (body === undefined || channel === idAs('c', state.server)) return { status: 'opened', channel }
  if (!validateBody(body).ok || !takesMessages(state, channel)) return { status: 'refused', channel }
  if (isFarAhead(opened.payload.at, work.turn.at)) {
    const until = opened.payload.at - CONTENT_AHEAD_MS_MAX
    return { status: 'waiting', channel, waitsFor: { keyId: null, operations: [], until } }
  }
  const act = {
    device,
    seq: envelope.seq,
    id: envelope.id,
    channel,
    auth: opened.payload.auth,
    at: opened.payload.at
  }
  const verdict = state.log.judge({ ...act, needs: permissionsFor(opened.payload.body) })
  if (verdict.kind === 'waiting')
    return { status: 'waiting', channel, waitsFor: { keyId: null, operations: verdict.missing } }
  if (verdict.kind === 'rejected') return { status: 'refused', channel }
  if (
    state.automodSeen &&
    breaksAutomod(state, {
      user: verdict.user,
      channel,
      auth: opened.payload.auth,
      at: opened.payload.at,
      body
    })
  )
    return { status: 'refused', channel }
  const mayManage =
    body.kind === 'delete' && state.log.judge({ ...act, needs: ['ManageMessages'] }).kind === 'visible'
  work.items.push({
    id: envelope.id,
    channel,
    device,
    user: verdict.user,
    seq: envelope.seq,
    at: opened.payload.at,
    auth: opened.payload.auth,
    body,
    standing: verdict.kind,
    mayManage
  })
  if (body.kind !== 'message') {
    work.turn.batch.put(actTable, [state.server, opened.payload.at, envelope.id], {
      version: 1,
      id: envelope.id,
      device,
      seq: envelope.seq,
      target: body.message
    })
  }
  if (body.kind === 'message')
    noteSent(state, channel, verdict.user, { id: envelope.id, at: opened.payload.at })
  if (body.kind === 'message' && verdict.kind === 'visible')
    state.tips.set(channel, withTip(state.tips.get(channel) ?? [], { id: envelope.id, ...opened.payload }))
  return { status: 'opened', channel }
}
