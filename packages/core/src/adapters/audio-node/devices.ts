/** Microphone and speakers as pipes of frames. A device that vanishes is an error told once, never a crash. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createFramer, type PcmFrame, wavBytes } from '../../audio/index.ts'
import { XcordError } from '../../base/index.ts'
import { type Direction, findTool, type ToolSearch } from './tools.ts'

/** Of what the program wrote before it ended, for the reason. */
const LAST_WORDS_MAX = 500
/** What speakers may have waiting: 200 ms. More would be heard late. */
const WAITING_BYTES_MAX = 19_200

/** Which device, and where the programs are looked for; the system's own choices where not said. */
export type DeviceInit = Partial<ToolSearch> & {
  /** It ended by itself: no device, unplugged, refused. Not told after `stop`. */
  readonly ended: (error: XcordError<'XCORD_AUDIO_DEVICE'>) => void
}

export interface Microphone {
  stop(): void
}

export interface Speakers {
  /** Dropped where the device does not keep up. */
  write(frame: PcmFrame): void
  stop(): void
}

/** Starts the program, and says once why it ended. */
function startTool(
  direction: Direction,
  { ended, ...search }: DeviceInit
): { child: ChildProcess; stop: () => void } {
  const { program, args } = findTool(direction, {
    path: process.env['PATH'] ?? '',
    platform: process.platform,
    ...search
  })
  const child = spawn(program, args, {
    stdio: [direction === 'output' ? 'pipe' : 'ignore', direction === 'input' ? 'pipe' : 'ignore', 'pipe']
  })
  let over = false
  let lastWords = ''
  const end = (how: string): void => {
    if (over) return
    over = true
    const reason = lastWords.trim().split('\n').at(-1) || how
    const device = search.device === undefined ? {} : { device: search.device }
    ended(
      new XcordError('XCORD_AUDIO_DEVICE', `The ${direction} for sound ended: ${reason}.`, {
        reason,
        ...device
      })
    )
  }
  child.stderr?.on('data', (text: Buffer) => {
    lastWords = (lastWords + text.toString()).slice(-LAST_WORDS_MAX)
  })
  child.once('error', error => end(error.message))
  // 'close' comes after the last words.
  child.once('close', (code, signal) => end(`it ended with ${signal ?? `code ${String(code)}`}`))
  return {
    child,
    stop: () => {
      over = true
      child.kill()
    }
  }
}

/**
 * Opens the microphone.
 *
 * @throws XcordError `XCORD_AUDIO_DEVICE` where no program for it is installed; later failures are told to `ended`.
 */
export function openMicrophone(heard: (frame: PcmFrame) => void, init: DeviceInit): Microphone {
  const { child, stop } = startTool('input', init)
  const framer = createFramer()
  let odd: Buffer = Buffer.alloc(0)
  child.stdout?.on('data', (piece: Buffer) => {
    const bytes = odd.length === 0 ? piece : Buffer.concat([odd, piece])
    const samples = Int16Array.from({ length: bytes.length >> 1 }, (_, index) => bytes.readInt16LE(index * 2))
    odd = bytes.subarray(samples.length * 2)
    framer(samples).forEach(heard)
  })
  return { stop }
}

/**
 * Opens the speakers.
 *
 * @throws XcordError `XCORD_AUDIO_DEVICE` where no program for them is installed; later failures are told to `ended`.
 */
export function openSpeakers(init: DeviceInit): Speakers {
  const { child, stop } = startTool('output', init)
  const pipe = child.stdin
  // The exit says why; a broken pipe only repeats it.
  pipe?.on('error', () => undefined)
  return {
    write: frame => {
      if (pipe?.writable === true && pipe.writableLength < WAITING_BYTES_MAX) pipe.write(wavBytes(frame))
    },
    stop
  }
}
