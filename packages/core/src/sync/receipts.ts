/** Receipts over streams (SY16): gathered for 250 ms, signed once a batch, sent to the author's device. */
import { type DeviceId, type MessageId, refuse, type Refusal, type ServerId } from '../base/index.ts'
import type { Frame } from './frames.ts'
import { RECEIPT_FRAMES_MAX, RECEIPT_MS, RECEIPT_WAITING_MAX } from './limits.ts'
import { noteAnswer } from './offers.ts'
import { createReceipt, type ReceiptKind, verifyReceipt } from './receipt.ts'
import { type ReceiptBatch, send, type Share, sharesOf, type Turn, viewOf } from './session.ts'

/** The stream to an author that asked us for receipts. */
function shareOf(turn: Turn, server: ServerId, author: DeviceId): Share | undefined {
  return sharesOf(turn, server).find(
    share => share.session.peer === author && share.opened && ((share.theirs?.flags ?? 0) & 1) === 1
  )
}

/** Something of this author is held here: tells it soon, if it is there and asked. */
export function queueReceipts(
  turn: Turn,
  server: ServerId,
  author: DeviceId,
  kind: ReceiptKind,
  ids: readonly MessageId[]
): void {
  const { world } = turn
  if (author === world.init.device || shareOf(turn, server, author) === undefined) return
  const key = `${server} ${author} ${kind}`
  let batch = world.receipts.get(key)
  if (batch === undefined) world.receipts.set(key, (batch = { server, author, kind, ids: new Set() }))
  for (const id of ids) if (batch.ids.size < RECEIPT_WAITING_MAX) batch.ids.add(id)
  world.receiptsAt = Math.min(world.receiptsAt, turn.at + RECEIPT_MS)
}

/** Signs and sends what gathered; of much, a part at a time, as the author's bounds on us allow (SY13). */
export function flushReceipts(turn: Turn): void {
  const { world } = turn
  if (world.receiptsAt > turn.at) return
  world.receiptsAt = Infinity
  for (const [key, batch] of [...world.receipts]) {
    const share = shareOf(turn, batch.server, batch.author)
    if (share !== undefined) sendReceipts(turn, share, batch)
    if (share === undefined || batch.ids.size === 0) world.receipts.delete(key)
    else world.receiptsAt = turn.at + RECEIPT_MS
  }
}

function sendReceipts(turn: Turn, share: Share, { kind, ids }: ReceiptBatch): void {
  const { suite, signer } = turn.world.init
  const { idsMax } = share.session.limits
  for (let frames = 0; frames < RECEIPT_FRAMES_MAX && ids.size > 0; frames++) {
    const named: MessageId[] = []
    for (const id of ids) {
      if (named.length === idsMax) break
      named.push(id)
      ids.delete(id)
    }
    const receipt = createReceipt(suite, signer, { kind, ids: named, at: turn.at, until: null })
    send(turn, share.session, { kind: 'receipt', handle: share.handle, receipt })
  }
}

/** A peer's receipt: its own, or it is refused. */
export function onReceipt(turn: Turn, share: Share, bytes: Uint8Array): Refusal | undefined {
  const verdict = verifyReceipt(turn.world.init.suite, bytes)
  if (!verdict.ok) return verdict
  if (verdict.value.signer !== share.session.peer) return refuse('SY16', "another device's receipt")
  turn.effects.push({ type: 'receipt', server: share.server, receipt: verdict.value })
  noteAnswer(turn, share, verdict.value.ids)
  return undefined
}

/** An author asks for proof. Only members' messages are of interest here. */
export function onOffer(
  turn: Turn,
  share: Share,
  frame: Extract<Frame, { kind: 'offer' }>
): Refusal | undefined {
  if (share.theirs === null) return refuse('SY2', 'offers before open')
  if (viewOf(turn, share)?.standing(share.session.peer) !== 'member') return undefined
  turn.effects.push({
    type: 'offered',
    session: share.session.id,
    device: share.session.peer,
    server: share.server,
    numbers: frame.numbers
  })
  return undefined
}
