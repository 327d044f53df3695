/**
 * Which of the system's programs carries sound in and out (VX68). There is no audio library for Node that needs no
 * compiler; these programs are on most machines, and a pipe of samples is all we ask of them.
 */
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { SAMPLE_RATE_HZ } from '../../audio/index.ts'
import { XcordError } from '../../base/index.ts'

export type Direction = 'input' | 'output'

/** A program with its arguments. */
export interface ToolCall {
  readonly program: string
  readonly args: readonly string[]
}

/** Where to look, and what for. */
export interface ToolSearch {
  /** Folders, as in the environment's PATH. */
  readonly path: string
  readonly platform: NodeJS.Platform
  /** As the program names it; the system's own choice where it is undefined. */
  readonly device?: string | undefined
}

const RATE = String(SAMPLE_RATE_HZ)
const PULSE = ['--raw', `--rate=${RATE}`, '--channels=1', '--format=s16le', '--latency-msec=20']
const ALSA = ['-q', '-t', 'raw', '-f', 'S16_LE', '-r', RATE, '-c', '1', '--buffer-time=60000']
const RAW = ['-f', 's16le', '-ar', RATE, '-ac', '1']
const QUIET = ['-hide_banner', '-loglevel', 'error', '-nostdin']

/** ffmpeg's name for the platform's sound, and its default device. */
const FFMPEG: Partial<Record<NodeJS.Platform, Record<Direction, readonly [string, string]>>> = {
  linux: { input: ['alsa', 'default'], output: ['alsa', 'default'] },
  darwin: { input: ['avfoundation', ':default'], output: ['audiotoolbox', '-'] }
}

/** Programs in order of preference. */
const TOOLS: Record<Direction, readonly string[]> = {
  input: ['parec', 'arecord', 'ffmpeg'],
  output: ['pacat', 'aplay', 'ffmpeg']
}

function argsOf(
  program: string,
  direction: Direction,
  { platform, device }: ToolSearch
): string[] | undefined {
  switch (program) {
    case 'parec':
      return [...PULSE, ...(device === undefined ? [] : [`--device=${device}`])]
    case 'pacat':
      return ['--playback', ...PULSE, ...(device === undefined ? [] : [`--device=${device}`])]
    case 'arecord':
    case 'aplay':
      return [...ALSA, ...(device === undefined ? [] : ['-D', device])]
    default: {
      const found = FFMPEG[platform]?.[direction]
      if (found === undefined) return undefined
      const [format, standard] = found
      const end = ['-f', format, ...(direction === 'input' ? ['-i'] : []), device ?? standard]
      return direction === 'input'
        ? [...QUIET, ...end, ...RAW, 'pipe:1']
        : [...QUIET, ...RAW, '-i', 'pipe:0', ...end]
    }
  }
}

/** The program's file in one of the folders; undefined where it is in none. */
function findProgram(name: string, { path, platform }: ToolSearch): string | undefined {
  const file = platform === 'win32' ? `${name}.exe` : name
  return path
    .split(delimiter)
    .filter(folder => folder !== '')
    .map(folder => join(folder, file))
    .find(candidate => {
      try {
        accessSync(candidate, constants.X_OK)
        return true
      } catch {
        return false
      }
    })
}

/**
 * What to start for a microphone or for speakers.
 *
 * @throws XcordError `XCORD_AUDIO_DEVICE` where none of the programs is installed.
 */
export function findTool(direction: Direction, search: ToolSearch): ToolCall {
  for (const name of TOOLS[direction]) {
    const program = findProgram(name, search)
    const args = program === undefined ? undefined : argsOf(name, direction, search)
    if (program !== undefined && args !== undefined) return { program, args }
  }
  const reason = `none of ${TOOLS[direction].join(', ')} is installed`
  throw new XcordError('XCORD_AUDIO_DEVICE', `No ${direction} for sound: ${reason}.`, { reason })
}
