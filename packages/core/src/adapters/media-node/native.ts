/**
 * The native parts of the engine, loaded in its own process alone (PF4): simple-peer over wrtc, and of both only what
 * is used here. wrtc's own types want a browser's; simple-peer has none.
 */
import * as wrtc from '@roamhq/wrtc'
import Peer from 'simple-peer'
import {
  type AudioSink,
  type AudioSource,
  type LinkPlatform,
  type MediaTrack,
  type PeerInit,
  type SimplePeer,
  tuneOpus
} from '../media-link/index.ts'

interface Native {
  readonly MediaStream: new (tracks: readonly MediaTrack[]) => object
  readonly nonstandard: {
    readonly RTCAudioSource: new () => AudioSource
    readonly RTCAudioSink: new (track: MediaTrack) => AudioSink
  }
}

// A CommonJS module has what it exports under `default`, whatever names the loader finds in it.
const native = ((wrtc as { default?: unknown }).default ?? wrtc) as Native
const SimplePeerClass = Peer as unknown as new (init: PeerInit & { readonly wrtc: unknown }) => SimplePeer

interface Description {
  readonly type: 'offer' | 'answer'
  readonly sdp: string
}

/** simple-peer keeps the connection to itself. */
interface Connection {
  readonly remoteDescription: Description | null
  createOffer(): Promise<Description>
  createAnswer(): Promise<Description>
  setLocalDescription(description: Description): Promise<void>
  setRemoteDescription(description: Description): Promise<void>
}

/**
 * wrtc has no working `setParameters`; its encoder takes its bound from what it was told the other side wants. So both
 * descriptions are given to it once more with another bound, and nobody else hears of it.
 */
async function setRate(peer: SimplePeer, kbps: number, allowedKbps: number): Promise<void> {
  const connection = (peer as SimplePeer & { readonly _pc: Connection })._pc
  const theirs = connection.remoteDescription
  if (theirs === null) throw new Error('nothing is negotiated')
  const bounded = { type: theirs.type, sdp: tuneOpus(theirs.sdp, kbps) }
  const own = ({ type, sdp }: Description): Description => ({ type, sdp: tuneOpus(sdp, allowedKbps) })
  if (theirs.type === 'answer') {
    await connection.setLocalDescription(own(await connection.createOffer()))
    await connection.setRemoteDescription(bounded)
  } else {
    await connection.setRemoteDescription(bounded)
    await connection.setLocalDescription(own(await connection.createAnswer()))
  }
}

/** wrtc knows addresses only. */
export const NATIVE: LinkPlatform = {
  resolvesLocal: false,
  createPeer: init => new SimplePeerClass({ ...init, wrtc: native }),
  createSource: () => new native.nonstandard.RTCAudioSource(),
  createSink: track => new native.nonstandard.RTCAudioSink(track),
  createStream: track => new native.MediaStream([track]),
  setRate
}
