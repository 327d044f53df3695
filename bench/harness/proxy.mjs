/** A TCP relay on loopback that counts what passes: bytes on the wire as they are, noise and framing included. */
import { connect, createServer } from 'node:net'
import { Transform } from 'node:stream'

/** A port that is free just now. */
async function freePort() {
  const server = createServer()
  await new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  const { port } = server.address()
  await new Promise(resolve => server.close(resolve))
  return port
}

/** Passes on what a line of this rate and length would, in order; what waits holds its sender back. */
function shaped({ bytesPerSecond, delayMs }) {
  let freeAt = 0
  /** On the line: timers that end in one millisecond may be called in any order. */
  const line = []
  return new Transform({
    // What is on the line is read from the sender already.
    highWaterMark: Math.ceil((bytesPerSecond * delayMs) / 1_000),
    transform(chunk, _encoding, done) {
      const now = performance.now()
      freeAt = Math.max(now, freeAt) + (chunk.length * 1_000) / bytesPerSecond
      line.push(chunk)
      setTimeout(() => this.push(line.shift()), freeAt - now + delayMs)
      setTimeout(done, freeAt - now)
    },
    flush(done) {
      setTimeout(done, delayMs + 1)
    }
  })
}

/**
 * Relays to a free port, on which somebody has to listen then; `towards` counts what whoever dials received,
 * `from` what it sent. `line`: what passes is delayed by this, and not faster than this each way.
 */
export async function openProxy(line) {
  const target = await freePort()
  const counts = { towards: 0, from: 0 }
  const sockets = new Set()
  const server = createServer(dialler => {
    const dialled = connect(target, '127.0.0.1')
    for (const [source, sink, side] of [
      [dialler, dialled, 'from'],
      [dialled, dialler, 'towards']
    ]) {
      sockets.add(source)
      source.setNoDelay(true)
      source.on('data', chunk => (counts[side] += chunk.length))
      source.on('error', () => sink.destroy())
      source.on('close', () => sink.destroy())
      if (line === undefined) source.pipe(sink)
      else source.pipe(shaped(line)).pipe(sink)
    }
  })
  await new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  return {
    target,
    port: server.address().port,
    counts,
    close: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    }
  }
}
