/** WebRTC as the browser has it. */
import Peer from 'simple-peer/simplepeer.min.js'
import type { LinkPlatform, MediaTrack, PeerInit, SimplePeer } from '../media-link/index.ts'
import { framesOfStream, streamOfFrames } from './sound.ts'

const SimplePeerClass = Peer as unknown as new (init: PeerInit) => SimplePeer

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
    createStream: track => new MediaStream([track as MediaStreamTrack])
  }
}
