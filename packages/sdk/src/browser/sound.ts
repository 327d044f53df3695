/** Sound for a voice session in a page: microphone and speakers, or streams of one's own. */
import { XcordError } from '@xcord/core'
import { createVoiceGate } from '@xcord/core/audio'
import {
  type FrameStream,
  framesOfStream,
  pageAudio,
  type Stop,
  streamOfFrames
} from '@xcord/core/adapters/media-browser'
import type { DeviceId, UserId } from '@xcord/core'
import { Volumes } from '../loudness.ts'
import type { VoiceSession } from '../voice-types.ts'

/** Where sound comes from and goes to. What is not named is left out. */
export interface SoundInit {
  /** The browser's microphone: `true`, or the id of one (`soundDevices`). The user is asked. */
  readonly microphone?: string | true
  /** What the browser does to a microphone's sound; each true unless said otherwise. */
  readonly echoCancellation?: boolean
  readonly noiseSuppression?: boolean
  readonly autoGainControl?: boolean
  /** Of the microphone only what sounds like speech is sent (VX65), with the moment before it. */
  readonly voiceActivity?: boolean
  /** Sent instead of, or mixed by you with, a microphone: music, another tab, a canvas of sound. Yours to stop. */
  readonly stream?: MediaStream
  /** The browser's speakers: `true`, or the id of some. */
  readonly speakers?: string | true
  /** Each who is heard, as a stream of their own, once: for meters, effects and recorders. */
  readonly onVoice?: (voice: {
    readonly member: UserId
    readonly device: DeviceId
    readonly stream: MediaStream
  }) => void
  /** A microphone that vanished, speakers that cannot be had: XCORD_AUDIO_DEVICE. The call goes on without it. */
  readonly onError?: (error: unknown) => void
}

/** Sound that flows until it is closed or the session ends. */
export interface Sound {
  close(): void
  /**
   * How loud a member is, by any of their devices, on the speakers and in `onVoice`: 1 as they are, 0 silent, at most 2.
   * Holds for whoever is not there yet. RangeError for another number.
   */
  setVolume(member: UserId, volume: number): void
}

/** A microphone or speakers. Browsers tell names only to pages that were allowed a microphone once. */
export interface SoundDevice {
  readonly id: string
  readonly name: string
}

/** What can be chosen. XCORD_AUDIO_DEVICE where the page may not ask. */
export async function soundDevices(): Promise<{
  readonly microphones: readonly SoundDevice[]
  readonly speakers: readonly SoundDevice[]
}> {
  const found = await mediaDevices().enumerateDevices()
  const ofKind = (kind: MediaDeviceKind): SoundDevice[] =>
    found.filter(each => each.kind === kind).map(({ deviceId: id, label: name }) => ({ id, name }))
  return { microphones: ofKind('audioinput'), speakers: ofKind('audiooutput') }
}

function mediaDevices(): MediaDevices {
  if ('mediaDevices' in navigator) return navigator.mediaDevices
  throw deviceError('this page is not served securely (HTTPS, or localhost)')
}

function deviceError(reason: string, cause?: unknown): XcordError<'XCORD_AUDIO_DEVICE'> {
  return new XcordError('XCORD_AUDIO_DEVICE', `The device cannot be used: ${reason}.`, { reason }, { cause })
}

/** What browsers answer, in words. */
const REASONS: Readonly<Record<string, string>> = {
  NotAllowedError: 'it was not allowed',
  NotFoundError: 'there is none',
  OverconstrainedError: 'there is none of that id',
  NotReadableError: 'another program has it, or the system refuses it'
}

async function openMicrophone(init: SoundInit, microphone: string | true): Promise<MediaStream> {
  const { echoCancellation = true, noiseSuppression = true, autoGainControl = true } = init
  const chosen = microphone === true ? {} : { deviceId: { exact: microphone } }
  try {
    return await mediaDevices().getUserMedia({
      audio: { ...chosen, echoCancellation, noiseSuppression, autoGainControl }
    })
  } catch (error) {
    if (!(error instanceof DOMException)) throw error
    throw deviceError(REASONS[error.name] ?? error.message, error)
  }
}

/** Frames of a stream into the session; of speech alone where that is wanted. */
function send(session: VoiceSession, context: AudioContext, stream: MediaStream, speechOnly = false): Stop {
  const gate = speechOnly ? createVoiceGate() : (frame: Int16Array) => [frame]
  return framesOfStream(context, stream, frame => {
    if (session.ended === null) for (const each of gate(frame)) session.send(each)
  })
}

/** A frame as loud as it is to be; too loud is cut off. */
function scaled(frame: Int16Array, volume: number): Int16Array {
  if (volume === 1) return frame
  return frame.map(each => Math.max(-32_768, Math.min(32_767, Math.round(each * volume))))
}

/** The microphone into the session; it is switched off at the end. */
async function sendMicrophone(
  session: VoiceSession,
  context: AudioContext,
  init: SoundInit,
  microphone: string | true
): Promise<Stop> {
  const stream = await openMicrophone(init, microphone)
  const stop = send(session, context, stream, init.voiceActivity)
  for (const track of stream.getTracks())
    track.onended = () => init.onError?.(deviceError('the microphone is gone'))
  return () => {
    stop()
    for (const track of stream.getTracks()) track.stop()
  }
}

/** A stream for each who is heard. */
function hear(session: VoiceSession, context: AudioContext, init: SoundInit, volumes: Volumes): Stop {
  const voices = new Map<DeviceId, { readonly frames: FrameStream; readonly player?: HTMLAudioElement }>()
  const end = (device: DeviceId): void => {
    const voice = voices.get(device)
    voices.delete(device)
    if (voice?.player !== undefined) voice.player.srcObject = null
    voice?.frames.stop()
  }
  const begin = (member: UserId, device: DeviceId): FrameStream => {
    const frames = streamOfFrames(context)
    const { speakers } = init
    voices.set(device, {
      frames,
      ...(speakers === undefined ? {} : { player: play(frames.stream, speakers, init) })
    })
    init.onVoice?.({ member, device, stream: frames.stream })
    return frames
  }
  const offs = [
    session.on('audio', ({ member, device, frame }) =>
      (voices.get(device)?.frames ?? begin(member, device)).push(scaled(frame, volumes.of(member, device)))
    ),
    session.on('leave', ({ participant }) => end(participant.device))
  ]
  return () => {
    for (const off of offs) off()
    for (const device of [...voices.keys()]) end(device)
  }
}

function play(stream: MediaStream, speakers: string | true, init: SoundInit): HTMLAudioElement {
  const player = new Audio()
  player.srcObject = stream
  const start = async (): Promise<void> => {
    if (speakers !== true) await player.setSinkId(speakers)
    await player.play()
  }
  start().catch((error: unknown) =>
    init.onError?.(
      deviceError(
        error instanceof DOMException ? (REASONS[error.name] ?? error.message) : String(error),
        error
      )
    )
  )
  return player
}

/**
 * Connects a session with the microphone, the speakers, or streams. Browsers hold a page's sound back until somebody
 * touched it: call this from a click.
 *
 * Errors: XCORD_AUDIO_DEVICE where a microphone is not allowed or not there. Then nothing flows.
 */
export async function connectSound(session: VoiceSession, init: SoundInit): Promise<Sound> {
  const context = await pageAudio()
  const flows: Stop[] = []
  const volumes = new Volumes(session)
  const close = (): void => {
    for (const stop of flows.splice(0)) stop()
  }
  try {
    if (init.microphone !== undefined)
      flows.push(await sendMicrophone(session, context, init, init.microphone))
    if (init.stream !== undefined) flows.push(send(session, context, init.stream))
    if (init.speakers !== undefined || init.onVoice !== undefined)
      flows.push(hear(session, context, init, volumes))
  } catch (error) {
    close()
    throw error
  }
  session.on('ended', close)
  return { close, setVolume: (member, volume) => volumes.set(member, volume) }
}
