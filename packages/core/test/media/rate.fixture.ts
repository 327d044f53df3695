/**
 * Two links of one process that send noise to each other, told to send less and then more. Says `<side> <kbit/s>` when a bound
 * that was set is the encoder's, and ends itself as engines do.
 */
import { tuneOpus, type SimplePeer } from '../../src/adapters/media-link/index.ts'
import { endNow } from '../../src/adapters/media-node/engine.ts'
import { NATIVE } from '../../src/adapters/media-node/native.ts'
import { everyFrame } from '../../src/adapters/audio-node/index.ts'

const sources = [NATIVE.createSource(), NATIVE.createSource()]
const peers = sources.map((source, at) =>
  NATIVE.createPeer({
    initiator: at === 0,
    stream: NATIVE.createStream(source.createTrack()),
    trickle: true,
    config: { iceServers: [], iceTransportPolicy: 'all' },
    sdpTransform: sdp => tuneOpus(sdp, 0)
  })
) as [SimplePeer, SimplePeer]
let signals = 0
for (const [own, other] of [peers, [...peers].reverse() as [SimplePeer, SimplePeer]] as const)
  own.on('signal', signal => {
    signals++
    other.signal(signal.sdp === undefined ? signal : { ...signal, sdp: tuneOpus(signal.sdp, 0) })
  })
await Promise.all(peers.map(each => new Promise<void>(resolve => each.on('connect', resolve))))
everyFrame(() => {
  for (const source of sources)
    source.onData({
      samples: Int16Array.from({ length: 480 }, () => 8_000 * (Math.random() - 0.5)),
      sampleRate: 48_000,
      bitsPerSample: 16,
      channelCount: 1,
      numberOfFrames: 480
    })
})

const boundOf = (peer: SimplePeer): Promise<unknown> =>
  new Promise(resolve =>
    peer.getStats((_, found = []) =>
      resolve(found.find(each => each.type === 'outbound-rtp')?.['targetBitrate'])
    )
  )
const before = signals
for (const kbps of [12, 24])
  for (const [side, peer] of peers.entries()) {
    await NATIVE.setRate(peer, kbps, 0)
    while ((await boundOf(peer)) !== kbps * 1_000) await new Promise(resolve => setTimeout(resolve, 50))
    process.stdout.write(`${side} ${kbps}\n`)
  }
process.stdout.write(`told ${signals - before}\n`, endNow)
