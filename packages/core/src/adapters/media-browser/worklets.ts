/**
 * What runs in the page's audio thread: samples out of a node as pieces of 10 ms, and frames into one. The program is
 * text, so that no bundler has to know of it; the page's content security policy must allow `blob:` for workers.
 */
const PROGRAM = `
const FRAME = 480
registerProcessor('xcord-ear', class extends AudioWorkletProcessor {
  frame = new Int16Array(FRAME)
  at = 0
  process([input]) {
    const samples = input[0]
    const length = samples === undefined ? 128 : samples.length
    for (let i = 0; i < length; i++) {
      let sum = 0
      for (const channel of input) sum += channel[i]
      const value = input.length === 0 ? 0 : sum / input.length
      this.frame[this.at++] = Math.max(-1, Math.min(1, value)) * 32767
      if (this.at < FRAME) continue
      this.port.postMessage(this.frame, [this.frame.buffer])
      this.frame = new Int16Array(FRAME)
      this.at = 0
    }
    return true
  }
})
registerProcessor('xcord-mouth', class extends AudioWorkletProcessor {
  queue = []
  at = 0
  playing = false
  constructor() {
    super()
    this.port.onmessage = ({ data }) => {
      this.queue.push(data)
      if (this.queue.length > 10) this.queue.shift()
      if (this.queue.length > 1) this.playing = true
    }
  }
  process(_, [output]) {
    const out = output[0]
    for (let i = 0; i < out.length && this.playing; i++) {
      const frame = this.queue[0]
      if (frame === undefined) this.playing = false
      else out[i] = frame[this.at++] / 32768
      if (this.at < FRAME) continue
      this.queue.shift()
      this.at = 0
    }
    return true
  }
})
`

/** The page's audio, made once: browsers bound how many there may be. */
let sounding: Promise<AudioContext> | undefined

/**
 * The page's audio at 48 kHz with the program loaded. A browser holds it back until somebody touched the page; it begins
 * by itself then, if it is asked again.
 */
export async function pageAudio(): Promise<AudioContext> {
  sounding ??= loadAudio()
  const context = await sounding
  // Waiting for it would wait for a click.
  void context.resume()
  return context
}

async function loadAudio(): Promise<AudioContext> {
  const context = new AudioContext({ sampleRate: 48_000, latencyHint: 'interactive' })
  const program = URL.createObjectURL(new Blob([PROGRAM], { type: 'text/javascript' }))
  try {
    await context.audioWorklet.addModule(program)
  } finally {
    URL.revokeObjectURL(program)
  }
  return context
}
