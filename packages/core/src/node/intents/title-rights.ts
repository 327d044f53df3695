/** Who may seal a channel's name (EK19). */
import { type ChannelState, permissionsToBits } from '../../authority/index.ts'
import type { Work } from '../replica/work.ts'

const RETITLE = permissionsToBits(['ViewChannel', 'SendMessages', 'ManageChannels'])
const RETITLE_THREAD = permissionsToBits(['ViewChannel', 'SendMessages', 'ManageThreads'])

/** Whether we may name a channel or thread, and write it there. */
export function mayRetitle({ state, turn }: Work, { id, thread }: ChannelState): boolean {
  const needs = thread === undefined ? RETITLE : RETITLE_THREAD
  return (state.log.state().permissions(state.user, id, turn.at) & needs) === needs
}
