/** WebRTC as the browser has it. */
import Peer from 'simple-peer/simplepeer.min.js'
import type { LinkPlatform, MediaTrack, PeerInit, SimplePeer } from '../media-link/index.ts'
import { framesOfStream, streamOfFrames } from './sound.ts'

const SimplePeerClass = Peer as unknown as new (init: PeerInit) => SimplePeer

/** simple-peer keeps the connection to itself. */
const connectionOf = (peer: SimplePeer): RTCPeerConnection =>
  (peer as SimplePeer & { readonly _pc: RTCPeerConnection })._pc

/** Links over the page's own WebRTC and audio. */
export function createPagePlatform(context: AudioContext): LinkPlatform {
  return {
    resolvesLocal: true,
    createPeer: init => new SimplePeerClass(init),
    createSource: () => {
      const mouth = streamOfFrames(context)
      return {
        createTrack: () => mouth.stream.getAudioTracks()[0] as MediaTrack,
        onData: ({ samples }) => mouth.push(samples)
      }
    },
    createSink: track => {
      const sink: ReturnType<LinkPlatform['createSink']> = { ondata: null, stop: () => stop() }
      const stream = new MediaStream([track as MediaStreamTrack])
      const stop = framesOfStream(context, stream, samples =>
        sink.ondata?.({ samples, sampleRate: context.sampleRate, channelCount: 1 })
      )
      return sink
    },
    createStream: track => new MediaStream([track as MediaStreamTrack]),
    setRate: async (peer, kbps) => {
      const sender = connectionOf(peer)
        .getSenders()
        .find(each => each.track?.kind === 'audio')
      const parameters = sender?.getParameters()
      const [encoding] = parameters?.encodings ?? []
      if (sender === undefined || parameters === undefined || encoding === undefined)
        throw new Error('nothing is sent')
      encoding.maxBitrate = kbps * 1_000
      await sender.setParameters(parameters)
    }
  }
}
