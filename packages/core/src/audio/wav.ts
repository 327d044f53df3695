/** WAV files (VX61): what others wrote as frames to send, and what was heard as a file others can play. */
import { XcordError } from '../base/index.ts'
import { createFramer, FRAME_SAMPLES, type PcmFrame, SAMPLE_RATE_HZ } from './frame.ts'
import { downmix } from './mix.ts'
import { createResampler } from './resample.ts'

/** A recording as the file has it. Reading is lazy: hours are not converted before the first frame is sent. */
export interface Wav {
  readonly rateHz: number
  readonly channels: number
  readonly durationMs: number
  /** From the start, 48 kHz mono; the last frame is filled up with silence. May be called again. */
  frames(): Generator<PcmFrame, undefined>
}

const FORMAT_PCM = 1
const FORMAT_FLOAT = 3
const FORMAT_EXTENSIBLE = 0xfffe
const RATE_HZ_MIN = 8_000
const RATE_HZ_MAX = 192_000
const HEADER_BYTES = 44
/** A chunk's four letters and its length. */
const CHUNK_BYTES = 8
/** Sample frames converted at a time: 0.1 s or so. */
const PIECE = 4_800

interface Layout {
  readonly rateHz: number
  readonly channels: number
  readonly bytes: number
  readonly float: boolean
}

/** Where a chunk's content lies in the file. */
interface Chunk {
  readonly from: number
  readonly length: number
}

function refuse(reason: string): never {
  throw new XcordError('XCORD_AUDIO_FORMAT', `This is no WAV file that XCord can play: ${reason}.`, {
    reason
  })
}

/**
 * Reads a WAV file: 16, 24 or 32 bit whole numbers or 32 bit float, one or two channels, 8 to 192 kHz.
 *
 * @throws XcordError `XCORD_AUDIO_FORMAT` for anything else, with what is wrong.
 */
export function readWav(file: Uint8Array): Wav {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  const text = (at: number): string => String.fromCharCode(...file.subarray(at, at + 4))
  if (file.length < 12 || text(0) !== 'RIFF' || text(8) !== 'WAVE') refuse('it does not begin as one')
  const chunks = findChunks(view, text)
  const format = chunks.get('fmt ')
  const data = chunks.get('data')
  if (format === undefined) refuse('it does not say its format')
  const layout = readLayout(view, format)
  if (data === undefined) refuse('it has no sound in it')
  const size = layout.bytes * layout.channels
  const count = Math.floor(data.length / size)
  return {
    rateHz: layout.rateHz,
    channels: layout.channels,
    durationMs: Math.round((count / layout.rateHz) * 1_000),
    frames: () => framesOf(view, layout, data.from, count)
  }
}

/** The chunks by name. One that claims more than the file has ends with it: recorders that were killed leave that. */
function findChunks(view: DataView, text: (at: number) => string): Map<string, Chunk> {
  const found = new Map<string, Chunk>()
  let at = 12
  while (at + CHUNK_BYTES <= view.byteLength && found.size < 32) {
    const from = at + CHUNK_BYTES
    const length = Math.min(view.getUint32(at + 4, true), view.byteLength - from)
    const name = text(at)
    if (!found.has(name)) found.set(name, { from, length })
    at = from + length + (length % 2)
  }
  return found
}

function readLayout(view: DataView, { from, length }: Chunk): Layout {
  if (length < 16) refuse('its format is cut short')
  const tag = view.getUint16(from, true)
  const format = tag === FORMAT_EXTENSIBLE && length >= 26 ? view.getUint16(from + 24, true) : tag
  const channels = view.getUint16(from + 2, true)
  const rateHz = view.getUint32(from + 4, true)
  const bits = view.getUint16(from + 14, true)
  const float = format === FORMAT_FLOAT
  if (format !== FORMAT_PCM && !float) refuse(`it is compressed (format ${format})`)
  if (float ? bits !== 32 : ![16, 24, 32].includes(bits))
    refuse(`${bits} bit ${float ? 'float' : 'whole'} samples are not supported`)
  if (channels !== 1 && channels !== 2) refuse(`it has ${channels} channels, not 1 or 2`)
  if (rateHz < RATE_HZ_MIN || rateHz > RATE_HZ_MAX)
    refuse(`${rateHz} Hz is outside ${RATE_HZ_MIN} to ${RATE_HZ_MAX}`)
  return { rateHz, channels, bytes: bits / 8, float }
}

/** One sample as 16 bits. */
function sampleAt(view: DataView, at: number, { bytes, float }: Layout): number {
  if (float) {
    const value = view.getFloat32(at, true)
    return Number.isFinite(value) ? Math.max(-1, Math.min(1, value)) * 32_767 : 0
  }
  // The two highest bytes: what is below them nobody hears.
  return view.getInt16(at + bytes - 2, true)
}

function* framesOf(
  view: DataView,
  layout: Layout,
  from: number,
  count: number
): Generator<PcmFrame, undefined> {
  const { bytes, channels } = layout
  const convert = createResampler(layout.rateHz, SAMPLE_RATE_HZ)
  const framer = createFramer()
  let left = Math.round((count / layout.rateHz) * SAMPLE_RATE_HZ)
  for (let begin = 0; left > 0; begin += PIECE) {
    // Past the end come zeros, until what the resampler holds back is out.
    const piece = Int16Array.from({ length: PIECE * channels }, (_, index) => {
      const sample = begin * channels + index
      return sample < count * channels ? sampleAt(view, from + sample * bytes, layout) : 0
    })
    for (const frame of framer(convert(downmix(piece, channels)))) {
      if (left <= 0) return undefined
      if (left < FRAME_SAMPLES) frame.fill(0, left)
      left -= FRAME_SAMPLES
      yield frame
    }
  }
  return undefined
}

/** The 44 bytes before `samples` samples of 48 kHz mono. A file that grows writes them anew when it ends. */
export function wavHeader(samples: number): Uint8Array {
  const out = new Uint8Array(HEADER_BYTES)
  const view = new DataView(out.buffer)
  const text = (at: number, word: string): void => out.set(new TextEncoder().encode(word), at)
  const bytes = Math.min(samples * 2, 0xffff_ffff - HEADER_BYTES)
  text(0, 'RIFF')
  view.setUint32(4, bytes + HEADER_BYTES - CHUNK_BYTES, true)
  text(8, 'WAVEfmt ')
  view.setUint32(16, 16, true)
  view.setUint16(20, FORMAT_PCM, true)
  view.setUint16(22, 1, true)
  view.setUint32(24, SAMPLE_RATE_HZ, true)
  view.setUint32(28, SAMPLE_RATE_HZ * 2, true)
  view.setUint16(32, 2, true)
  view.setUint16(34, 16, true)
  text(36, 'data')
  view.setUint32(40, bytes, true)
  return out
}

/** Samples as the bytes of a WAV file, on machines of either byte order. */
export function wavBytes(samples: Int16Array): Uint8Array {
  const out = new Uint8Array(samples.length * 2)
  const view = new DataView(out.buffer)
  samples.forEach((sample, index) => view.setInt16(index * 2, sample, true))
  return out
}
