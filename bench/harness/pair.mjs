/** Two processes that talk: the floor's, and XCord's. Both have the same handlers, so a case treats them alike. */
import { startPeer } from './peer.mjs'
import { until } from './rounds.mjs'

/** Two processes of raw gossipsub. */
export async function openFloorPair({ authors = 1 } = {}) {
  const [sender, receiver] = [startPeer('floor'), startPeer('floor')]
  const stop = () => Promise.all([sender.stop(), receiver.stop()])
  try {
    await Promise.all([sender.call('start', { count: authors }), receiver.call('start')])
    await sender.call('connect', { addresses: await receiver.call('addresses') })
    await until('the mesh of the floor', async () => (await sender.call('neighbours')) > 0)
    const port = await receiver.call('receive')
    return { sender, receiver, port, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Two XCord peers over folder stores: the sender's profiles are the authors, the receiver founded the server. */
export async function openMemberPair(folder, { authors = 1 } = {}) {
  const [sender, receiver] = [startPeer('member'), startPeer('member')]
  const stop = () => Promise.all([sender.stop(), receiver.stop()])
  try {
    await receiver.call('start', { folder: `${folder}/receiver`, name: 'Receiver' })
    const link = await receiver.call('found')
    await sender.call('start', { folder: `${folder}/sender`, name: 'Author', count: authors })
    await sender.call('join', { link })
    const port = await receiver.call('receive')
    await sender.call('greet', { port })
    return { sender, receiver, port, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Sends for a time with the window full; CPU of both sides by message. */
export async function floodPair({ sender, receiver, port }, { ms, size, authors = 1 }) {
  const before = await receiver.call('usage')
  const { count, ms: took, cpu } = await sender.call('flood', { port, ms, size, authors })
  const after = await receiver.call('usage')
  return {
    perSecond: (count * 1_000) / took,
    senderCpu: cpu / count,
    receiverCpu: (after.cpu - before.cpu) / count,
    count
  }
}
