/** Sound for a voice session in Node: what is sent comes from somewhere, what is heard goes somewhere. */
import { createMixer, createVoiceGate } from '@xcord/core/audio'
import {
  createRecorder,
  everyFrame,
  fileSource,
  openMicrophone,
  openSpeakers,
  play,
  toneSource
} from '@xcord/core/adapters/audio-node'
import type { UserId } from '@xcord/core'
import { Volumes } from '../loudness.ts'
import type { VoiceSession } from '../voice-types.ts'

/** Where sound comes from and goes to. What is not named is left out. */
export interface SoundInit {
  /** A WAV file, played once. */
  readonly input?: string
  /** A tone of that many hertz, without an end: 20 to 20,000. */
  readonly tone?: number
  /** The system's microphone: `true`, or its name there. */
  readonly microphone?: string | true
  /** Of the microphone only what sounds like speech is sent (VX65), with the moment before it. */
  readonly voiceActivity?: boolean
  /** The system's speakers: `true`, or their name there. */
  readonly speakers?: string | true
  /** A folder, made where it is not there: each speaker becomes a WAV file in it, beside those that are. */
  readonly output?: string
  /** Who is kept in it, asked for each frame: of others there is no file, or nothing more. Everybody unless said. */
  readonly keeps?: (member: UserId) => boolean
  /** A device that ended, a disk that is full: XCORD_AUDIO_DEVICE and the system's. The call goes on without it. */
  readonly onError?: (error: unknown) => void
}

/** Sound that flows until it is closed or the session ends. */
export interface Sound {
  /** Ends it, and gives the files written, by speaker. Again: the same. */
  close(): Readonly<Record<string, string>>
  /**
   * How loud a member comes out of the speakers, by any of their devices: 1 as they are, 0 silent, at most 2. Holds for
   * whoever is not there yet; files take everybody as they are. RangeError for another number.
   */
  setVolume(member: UserId, volume: number): void
}

interface Flow {
  stop(): void
}

const named = (device: string | true): { device?: string } => (device === true ? {} : { device })

/** What is sent. */
async function startSending(
  session: VoiceSession,
  init: SoundInit,
  fail: (error: unknown) => void
): Promise<Flow[]> {
  const send = (frame: Int16Array): void => {
    if (session.ended === null) session.send(frame)
  }
  const flows: Flow[] = []
  if (init.input !== undefined) flows.push({ stop: play(await fileSource(init.input), send) })
  if (init.tone !== undefined) flows.push({ stop: play(toneSource(init.tone), send) })
  if (init.microphone !== undefined) {
    const gate = createVoiceGate()
    const heard = init.voiceActivity === true ? (frame: Int16Array) => gate(frame).forEach(send) : send
    flows.push(openMicrophone(heard, { ...named(init.microphone), ended: fail }))
  }
  // What was asked to be played is meant to be heard, also where there is a key to hold.
  if (flows.length > 0 && init.microphone === undefined && session.pushToTalk) session.talk(true)
  return flows
}

/** What is heard, mixed for one pair of ears. */
function startSpeakers(
  session: VoiceSession,
  device: string | true,
  volumes: Volumes,
  fail: (error: unknown) => void
): Flow {
  const speakers = openSpeakers({ ...named(device), ended: fail })
  const mixer = createMixer()
  const offs = [
    session.on('audio', ({ member, device: from, frame }) => {
      mixer.setVolume(from, volumes.of(member, from))
      mixer.push(from, frame)
    }),
    session.on('leave', ({ participant }) => mixer.remove(participant.device)),
    everyFrame(() => speakers.write(mixer.next()))
  ]
  return {
    stop: () => {
      for (const off of offs) off()
      speakers.stop()
    }
  }
}

/** What is heard, a file for each who speaks. */
function startRecording(
  session: VoiceSession,
  folder: string,
  keeps: (member: UserId) => boolean,
  fail: (error: unknown) => void
) {
  const recorder = createRecorder(folder)
  let files: Readonly<Record<string, string>> | undefined
  const off = session.on('audio', ({ member, device, frame }) => {
    if (!keeps(member)) return
    const who = session.participants.find(each => each.device === device)
    // Two people may have one name, and one person two devices.
    const name = `${who?.member.name ?? 'speaker'}-${device.slice(1, 7)}`
    try {
      recorder.write(name, frame)
    } catch (error) {
      off()
      fail(error)
    }
  })
  return {
    stop: (): Readonly<Record<string, string>> => {
      off()
      files ??= recorder.close()
      return files
    }
  }
}

/**
 * Connects a session with files, tones or the system's devices.
 *
 * Errors: XCORD_AUDIO_FORMAT for a file that cannot be played, XCORD_AUDIO_DEVICE where nothing for a device is
 * installed; RangeError for a tone nobody hears. Then nothing flows.
 */
export async function connectSound(session: VoiceSession, init: SoundInit): Promise<Sound> {
  const fail = init.onError ?? (() => undefined)
  const flows: Flow[] = []
  const volumes = new Volumes(session)
  let files: Readonly<Record<string, string>> = {}
  const close = (): Readonly<Record<string, string>> => {
    for (const each of flows.splice(0)) each.stop()
    return files
  }
  try {
    flows.push(...(await startSending(session, init, fail)))
    if (init.speakers !== undefined) flows.push(startSpeakers(session, init.speakers, volumes, fail))
    if (init.output !== undefined) {
      const recording = startRecording(session, init.output, init.keeps ?? (() => true), fail)
      flows.push({ stop: () => void (files = recording.stop()) })
    }
  } catch (error) {
    close()
    throw error
  }
  session.on('ended', () => void close())
  return {
    close,
    setVolume: (member, volume) => volumes.set(member, volume)
  }
}
