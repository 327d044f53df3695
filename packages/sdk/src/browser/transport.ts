/** The network of a page. */
import { XcordError } from '@xcord/core'
import { createMemoryNetwork, createMemoryTransport } from '@xcord/core/adapters/memory'
import { pageClock, pageRandom, pageTimers } from '@xcord/core/adapters/runtime-browser'
import type { Platform } from '../open-client.ts'

/** libp2p as far as a page can, or nothing. XCORD_USAGE for what no page can. */
export const transportOf: Platform['transportOf'] = async (init, suite, { signSeed: seed }) => {
  const { network = {}, iceServers = [] } = init
  if (network === false) {
    // A network of its own, in which nobody else is.
    const alone = createMemoryNetwork({ clock: pageClock, timers: pageTimers, random: pageRandom })
    return createMemoryTransport({ network: alone, suite, seed, listen: false })
  }
  for (const argument of ['listen', 'announce', 'mdns'] as const)
    if (network[argument] !== undefined && network[argument] !== false)
      throw new XcordError('XCORD_USAGE', `A page cannot do what \`network.${argument}\` asks for.`, {
        argument
      })
  const { createBrowserTransport, hasWebrtc } = await import('@xcord/core/adapters/libp2p/browser')
  if (network.webrtc === true && !hasWebrtc())
    throw new XcordError(
      'XCORD_USAGE',
      'This browser has no WebRTC, or it is switched off: leave `network.webrtc` out, and members are reached by relays.',
      { argument: 'webrtc' }
    )
  return await createBrowserTransport({
    suite,
    seed,
    ...(network.webrtc === undefined ? {} : { webrtc: network.webrtc }),
    iceServers: iceServers.flatMap(({ urls, ...rest }) => urls.map(each => ({ urls: each, ...rest })))
  })
}
