/** Another sample rate, by a windowed sinc: what would alias is filtered out, what is heard stays. */
import { clampSample } from './frame.ts'

/** Zero crossings of the sinc on each side: 16 keep a voice clean at a few dozen multiplications a sample. */
const CROSSINGS = 16

/** sin(πx)/(πx), faded out by a Hann window over the whole kernel. */
function kernel(x: number): number {
  if (x === 0) return 1
  if (Math.abs(x) >= CROSSINGS) return 0
  const window = 0.5 + 0.5 * Math.cos((Math.PI * x) / CROSSINGS)
  return (Math.sin(Math.PI * x) / (Math.PI * x)) * window
}

const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b))

/** Weights of the samples around an output that lies `phase` of a sample after one, from `-reach` on; they sum to 1. */
function weightsAt(phase: number, reach: number, scale: number): Float64Array {
  const weights = Float64Array.from({ length: 2 * reach + 1 }, (_, tap) =>
    kernel((tap - reach - phase) * scale)
  )
  const sum = weights.reduce((total, each) => total + each, 0)
  return weights.map(each => each / sum)
}

/**
 * Resamples one channel that comes in pieces; the seams are not heard.
 *
 * The output lags by the kernel's half width (16 samples of the lower rate), and that much of the end stays inside:
 * feed as many zeros where the last milliseconds matter.
 *
 * @throws RangeError for rates that are no positive whole numbers.
 */
export function createResampler(fromHz: number, toHz: number): (samples: Int16Array) => Int16Array {
  if (![fromHz, toHz].every(hz => Number.isSafeInteger(hz) && hz > 0))
    throw new RangeError('sample rates are positive whole numbers')
  if (fromHz === toHz) return samples => samples
  // Output n lies at n * from / to of the input, exactly: phases repeat, and so do their weights.
  const common = divisor(fromHz, toHz)
  const [from, to] = [fromHz / common, toHz / common]
  // Going down, the kernel is widened so that what the lower rate cannot hold is filtered out.
  const scale = Math.min(1, to / from)
  const reach = Math.ceil(CROSSINGS / scale)
  const table = new Map<number, Float64Array>()
  const weightsOf = (phase: number): Float64Array => {
    const known = table.get(phase)
    if (known !== undefined) return known
    const found = weightsAt(phase / to, reach, scale)
    table.set(phase, found)
    return found
  }
  let held = new Float64Array(reach)
  // Where in `held` the next output lies: `at + phase / to`.
  let at = reach
  let phase = 0
  return samples => {
    const all = new Float64Array(held.length + samples.length)
    all.set(held)
    all.set(samples, held.length)
    const out: number[] = []
    for (; at + reach < all.length; phase += from, at += Math.floor(phase / to), phase %= to) {
      const weights = weightsOf(phase)
      let sum = 0
      for (let tap = 0; tap < weights.length; tap += 1)
        sum += (all[at - reach + tap] ?? 0) * (weights[tap] ?? 0)
      out.push(clampSample(sum))
    }
    const done = Math.min(all.length, Math.max(0, at - reach))
    held = all.slice(done)
    at -= done
    return Int16Array.from(out)
  }
}
