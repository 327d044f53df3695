/** One author and several receivers, each a process with a folder store of its own, all connected. */
import { startPeer } from './peer.mjs'

/** Starts them; the author founded the server, the others joined and are counting what arrives. */
export async function openCrowd(folder, receiverCount) {
  const author = startPeer('member')
  const receivers = Array.from({ length: receiverCount }, () => startPeer('member'))
  const stop = () => Promise.all([author, ...receivers].map(each => each.stop()))
  try {
    await author.call('start', { folder: `${folder}/author`, name: 'Author' })
    const link = await author.call('found')
    for (const [index, receiver] of receivers.entries()) {
      await receiver.call('start', { folder: `${folder}/receiver-${index}`, name: `Receiver ${index}` })
      await receiver.call('join', { link })
    }
    await Promise.all([author, ...receivers].map(each => each.call('meet', { others: receiverCount })))
    await Promise.all(receivers.map(each => each.call('count')))
    await send({ author, receivers }, 1)
    return { author, receivers, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/**
 * Sends messages, all given to the author at once, and waits until every receiver's application saw them.
 *
 * @returns `sentMs` until the author has all on disk, `allMs` until they are everywhere; CPU of the author and of the
 *   receivers' mean in microseconds by message.
 */
export async function send({ author, receivers }, count) {
  const all = [author, ...receivers]
  const before = await Promise.all(all.map(each => each.call('usage')))
  const began = performance.now()
  const there = Promise.all(receivers.map(each => each.call('arrival', { count })))
  await author.call('fill', { count, atOnce: count })
  const sentMs = performance.now() - began
  await there
  const allMs = performance.now() - began
  const after = await Promise.all(all.map(each => each.call('usage')))
  const [authorCpu, ...cpus] = after.map(({ cpu }, at) => (cpu - before[at].cpu) / count)
  return { sentMs, allMs, authorCpu, receiverCpu: cpus.reduce((a, b) => a + b, 0) / cpus.length }
}
