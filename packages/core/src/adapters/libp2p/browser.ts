/**
 * libp2p behind net's contract in browsers (NT5): no address of its own but circuits and WebRTC. A door beside
 * `index.ts`, so that nothing of Node's is loaded by a page.
 */
import type { Transport } from '../../net/index.ts'
import type { Libp2pTransportInit } from './init.ts'
import { createPeerTransport } from './peer-transport.ts'

/** NT5: a tab holds fewer connections than a process. */
const CONNECTIONS_MAX = 40

/** What a page may choose; `webrtc` is on unless it is switched off or the platform has none. */
export type BrowserTransportInit = Pick<
  Libp2pTransportInit,
  'suite' | 'seed' | 'webrtc' | 'iceServers' | 'reservations' | 'clock' | 'random' | 'circuitRestMs'
>

/** Whether the platform has WebRTC at all; some browsers let it be switched off. */
export const hasWebrtc = (): boolean => 'RTCPeerConnection' in globalThis

/** As `createPeerTransport`, with WebSockets, circuits and WebRTC. */
export async function createBrowserTransport(init: BrowserTransportInit): Promise<Transport> {
  return await createPeerTransport(init, {
    listen: [],
    connectionsMax: CONNECTIONS_MAX,
    transports: [],
    webrtc: init.webrtc !== false && hasWebrtc(),
    services: {}
  })
}
