/** One WAV file for each speaker. */
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { type PcmFrame, wavBytes, wavHeader } from '../../audio/index.ts'

/** Files open at once; a call has eight voices. */
const FILES_MAX = 64

/** Frames on their way to files. */
export interface Recorder {
  /** Throws what the file system throws. */
  write(speaker: string, frame: PcmFrame): void
  /** Ends the files, and gives them by speaker. */
  close(): Record<string, string>
}

interface Recording {
  readonly path: string
  readonly file: number
  samples: number
}

/** A name that is a file's on every system, and no path. */
const fileName = (speaker: string): string => {
  const plain = speaker.replace(/[^\p{L}\p{N}_-]+/gu, '-').replace(/^-+|-+$/g, '')
  return plain === '' ? 'speaker' : plain.slice(0, 60)
}

/** Opens a file that was not there before: nothing is overwritten. */
function openNew(folder: string, name: string): { path: string; file: number } {
  for (let count = 1; ; count += 1) {
    const path = join(folder, count === 1 ? `${name}.wav` : `${name}-${count}.wav`)
    try {
      return { path, file: openSync(path, 'wx', 0o600) }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || count >= 1_000) throw error
    }
  }
}

/**
 * A recorder into a folder, which is made where it is not there. Each file begins with the speaker's first frame and is
 * playable at any moment: its header is renewed every second.
 */
export function createRecorder(folder: string): Recorder {
  mkdirSync(folder, { recursive: true })
  const recordings = new Map<string, Recording>()
  const renew = ({ file, samples }: Recording): void => void writeSync(file, wavHeader(samples), 0, 44, 0)
  const begin = (speaker: string): Recording | undefined => {
    if (recordings.size >= FILES_MAX) return undefined
    const made = { ...openNew(folder, fileName(speaker)), samples: 0 }
    recordings.set(speaker, made)
    renew(made)
    return made
  }
  return {
    write: (speaker, frame) => {
      const recording = recordings.get(speaker) ?? begin(speaker)
      if (recording === undefined) return
      const bytes = wavBytes(frame)
      writeSync(recording.file, bytes, 0, bytes.length, 44 + recording.samples * 2)
      recording.samples += frame.length
      if (recording.samples % 48_000 < frame.length) renew(recording)
    },
    close: () => {
      const files = Object.fromEntries([...recordings].map(([speaker, { path }]) => [speaker, path]))
      for (const each of recordings.values()) {
        renew(each)
        closeSync(each.file)
      }
      recordings.clear()
      return files
    }
  }
}
