/**
 * Names and topics of channels that not all may view (EK19): sealed inside the channel, out of the operations that
 * every member reads.
 */
import type { ChannelId } from '../../base/index.ts'
import { type ChannelState, draft, draftChannelEdit, type OperationDraft } from '../../authority/index.ts'
import { encodeChannelName, isOpenToAll } from '../../e2ee/index.ts'
import { operate } from '../replica/operate.ts'
import { publishTitle } from '../replica/publish.ts'
import { mayRetitle } from './title-rights.ts'
import type { Work } from '../replica/work.ts'

/** Publishes a title inside its channel. The caller has checked that we may. */
export function sealTitle(
  work: Work,
  channel: ChannelId,
  title: { readonly name: string; readonly topic: string | null }
): void {
  const { state } = work
  const { suite, account } = state.deps
  const revision = (state.channelNames.get(channel)?.revision ?? 0) + 1
  publishTitle(
    work,
    channel,
    encodeChannelName(suite, account.device.signingKey, { channel, revision, ...title })
  )
}

/** After overwrites or places changed: names go under seal where not all may view, and out where all may. */
export function settleTitles(work: Work, channel: ChannelId): void {
  settleTitle(work, channel)
  const below = work.state.log
    .state()
    .channels()
    .filter(each => each.parent === channel && each.thread?.archived !== true)
  for (const each of below) settleTitles(work, each.id)
}

function settleTitle(work: Work, channel: ChannelId): void {
  const { state } = work
  const authority = state.log.state()
  const found = authority.channel(channel)
  // Without these the name stays as it is: whoever has them may rename the channel.
  if (found === undefined || !mayRetitle(work, found)) return
  const open = isOpenToAll(authority, channel)
  const { name, topic } = state.titleOf(channel)
  if (name === null) return
  if (!open && found.name !== null) {
    operate(work, retitle(found, null, null))
    sealTitle(work, channel, { name, topic })
  } else if (open && found.name === null) {
    operate(work, retitle(found, name, topic))
  }
}

function retitle(channel: ChannelState, name: string | null, topic: string | null): OperationDraft {
  if (channel.thread === undefined) return draftChannelEdit(channel.id, { name, topic })
  return draft('threadEdit', { thread: channel.id, rows: [{ key: 0, value: name }], reason: null })
}
