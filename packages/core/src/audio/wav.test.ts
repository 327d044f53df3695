import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isXcordError } from '../base/index.ts'
import { readWav, toneFrames, toneShare, wavBytes, wavHeader } from './index.ts'

interface Made {
  readonly format?: number
  readonly extensible?: boolean
  readonly bits?: number
  readonly channels?: number
  readonly rateHz?: number
  /** One number a sample frame, -1 to 1; every channel gets it. */
  readonly sound?: readonly number[]
  /** Chunks before the sound. */
  readonly before?: readonly (readonly [string, number])[]
}

const latin = (text: string): number[] => [...text].map(each => each.charCodeAt(0))
const u16 = (value: number): number[] => [value & 255, (value >> 8) & 255]
const u32 = (value: number): number[] => [...u16(value & 65_535), ...u16(value >>> 16)]

function sampleBytes(value: number, bits: number, float: boolean): number[] {
  const view = new DataView(new ArrayBuffer(8))
  if (float) view.setFloat32(0, value, true)
  else view.setBigInt64(0, BigInt(Math.round(value * (2 ** (bits - 1) - 1))), true)
  return Array.from({ length: bits / 8 }, (_, index) => view.getUint8(index))
}

function makeWav(made: Made = {}): Uint8Array {
  const { format = 1, bits = 16, channels = 1, rateHz = 48_000, sound = [], before = [] } = made
  const tag = made.extensible === true ? 0xfffe : format
  const rest =
    made.extensible === true ? [...u16(22), ...u16(bits), ...u32(3), ...u16(format), ...latin('rest')] : []
  const frame = (bits / 8) * channels
  const layout = [
    ...[...u16(tag), ...u16(channels), ...u32(rateHz), ...u32(rateHz * frame), ...u16(frame), ...u16(bits)],
    ...rest
  ]
  const others = before.flatMap(([name, length]) => [
    ...latin(name),
    ...u32(length),
    ...Array.from({ length: length + (length % 2) }, () => 7)
  ])
  const content = sound.flatMap(value =>
    Array.from({ length: channels }, () => sampleBytes(value, bits, format === 3)).flat()
  )
  const body = [...latin('WAVEfmt '), ...u32(layout.length), ...layout, ...others, ...latin('data')]
  return Uint8Array.from([...latin('RIFF'), ...u32(0), ...body, ...u32(content.length), ...content])
}

const sine = (rateHz: number, hz: number, ms: number): number[] =>
  Array.from(
    { length: (rateHz * ms) / 1_000 },
    (_, index) => 0.25 * Math.sin((2 * Math.PI * hz * index) / rateHz)
  )
const samplesOf = (file: Uint8Array): Int16Array =>
  Int16Array.from([...readWav(file).frames()].flatMap(each => [...each]))
const refusal = (file: Uint8Array): string => {
  try {
    readWav(file)
  } catch (error) {
    if (isXcordError(error, 'XCORD_AUDIO_FORMAT')) return error.details.reason
    throw error
  }
  return 'taken'
}

describe('a WAV file', () => {
  it.each([
    { format: 1, bits: 16, channels: 1, rateHz: 48_000 },
    { format: 1, bits: 16, channels: 2, rateHz: 44_100 },
    { format: 1, bits: 24, channels: 1, rateHz: 96_000 },
    { format: 1, bits: 32, channels: 2, rateHz: 8_000 },
    { format: 3, bits: 32, channels: 2, rateHz: 22_050 },
    { format: 3, bits: 32, channels: 1, rateHz: 48_000, extensible: true }
  ])('[VX61] of format $format, $bits bits, $channels channels, $rateHz Hz becomes 48 kHz mono', made => {
    const file = makeWav({ ...made, sound: sine(made.rateHz, 700, 200) })
    const sound = samplesOf(file)
    expect(readWav(file).durationMs).toBe(200)
    expect(sound).toHaveLength(9_600)
    expect(toneShare(sound.slice(1_920, 7_680), 700)).toBeGreaterThan(0.99)
    expect(Math.max(...sound.slice(1_920, 7_680)) / (0.25 * 32_767)).toBeCloseTo(1, 1)
  })

  it('[VX61] is read past chunks that are none of ours, and as far as it goes', () => {
    const file = makeWav({
      before: [
        ['LIST', 5],
        ['fact', 4]
      ],
      sound: sine(48_000, 700, 25)
    })
    expect(samplesOf(file)).toHaveLength(1_440)
    expect(samplesOf(file).slice(1_200)).toEqual(new Int16Array(240))
    expect(samplesOf(file.slice(0, -480))).toHaveLength(960)
  })

  it('[VX61] is refused with what is wrong', () => {
    const whole = makeWav({ sound: [0, 0] })
    expect(refusal(Uint8Array.from(latin('ID3 an mp3 file')))).toMatch('does not begin')
    expect(refusal(new Uint8Array(0))).toMatch('does not begin')
    expect(refusal(whole.slice(0, 12))).toMatch('does not say its format')
    expect(refusal(whole.slice(0, 36))).toMatch('no sound')
    expect(refusal(whole.slice(0, 30))).toMatch('cut short')
    expect(refusal(makeWav({ format: 85 }))).toMatch('compressed (format 85)')
    expect(refusal(makeWav({ bits: 8 }))).toMatch('8 bit')
    expect(refusal(makeWav({ format: 3, bits: 64 }))).toMatch('64 bit float')
    expect(refusal(makeWav({ channels: 6 }))).toMatch('6 channels')
    expect(refusal(makeWav({ rateHz: 4_000 }))).toMatch('4000 Hz')
    expect(refusal(makeWav({ rateHz: 384_000 }))).toMatch('384000 Hz')
  })

  it('[VX61] of any bytes at all is read or refused, and never more than it has', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(60), (junk, at) => {
        const file = makeWav({ sound: [0.5, -0.5] })
        file.set(junk.slice(0, Math.max(0, file.length - at)), Math.min(at, file.length))
        if (refusal(file) === 'taken') expect(samplesOf(file).length).toBeLessThanOrEqual(480)
      })
    )
  })

  it('[VX61] that we wrote is read back sample for sample', () => {
    const sound = Int16Array.from([...toneFrames(440)(0), ...toneFrames(440)(1)])
    const file = Uint8Array.from([...wavHeader(sound.length), ...wavBytes(sound)])
    expect(samplesOf(file)).toEqual(sound)
  })
})
