/** Frames out of the page's streams, and streams of frames. */
import { FRAME_SAMPLES } from '../../audio/index.ts'
import { pageAudio } from './worklets.ts'

/** Ends a flow. Repeatable. */
export type Stop = () => void

/** Frames to a stream: what is pushed is heard in it, silence between. */
export interface FrameStream {
  readonly stream: MediaStream
  push(frame: Int16Array): void
  stop(): void
}

/** A stream that frames go into. */
export function streamOfFrames(context: AudioContext): FrameStream {
  const node = new AudioWorkletNode(context, 'xcord-mouth', { numberOfInputs: 0, outputChannelCount: [1] })
  const destination = new MediaStreamAudioDestinationNode(context, { channelCount: 1 })
  node.connect(destination)
  return {
    stream: destination.stream,
    push: frame => {
      if (frame.length !== FRAME_SAMPLES) throw new RangeError(`a frame has ${FRAME_SAMPLES} samples`)
      node.port.postMessage(frame)
    },
    stop: () => {
      node.disconnect()
      for (const track of destination.stream.getTracks()) track.stop()
    }
  }
}

/** Frames of a stream, every 10 ms by the clock of the page's audio, until stopped. */
export function framesOfStream(
  context: AudioContext,
  stream: MediaStream,
  heard: (frame: Int16Array) => void
): Stop {
  const source = context.createMediaStreamSource(stream)
  const ear = createEar(context, heard)
  source.connect(ear.node)
  // A remote stream that nothing plays stays silent in Chromium.
  const player = new Audio()
  player.muted = true
  player.srcObject = stream
  void player.play().catch(() => undefined)
  return () => {
    source.disconnect()
    ear.stop()
    player.srcObject = null
  }
}

/** Calls every 10 ms by the clock of the page's audio, which no hidden tab slows down. */
export function everyPageFrame(context: AudioContext, run: () => void): Stop {
  return createEar(context, run).stop
}

function createEar(
  context: AudioContext,
  heard: (frame: Int16Array) => void
): { node: AudioNode; stop: Stop } {
  const node = new AudioWorkletNode(context, 'xcord-ear', { numberOfOutputs: 1 })
  // Its output is silence: without a way to the destination it would not be asked to run.
  node.connect(context.destination)
  node.port.onmessage = ({ data }) => heard(data as Int16Array)
  return {
    node,
    stop: () => {
      node.port.onmessage = null
      node.disconnect()
    }
  }
}

/** The page's audio, for whoever connects something to it. */
export { pageAudio }
