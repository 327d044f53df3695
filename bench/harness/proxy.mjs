/** A TCP relay on loopback that counts what passes: bytes on the wire as they are, noise and framing included. */
import { connect, createServer } from 'node:net'

/** A port that is free just now. */
async function freePort() {
  const server = createServer()
  await new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  const { port } = server.address()
  await new Promise(resolve => server.close(resolve))
  return port
}

/**
 * Relays to a free port, on which somebody has to listen then; `towards` counts what whoever dials received,
 * `from` what it sent.
 */
export async function openProxy() {
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
      source.pipe(sink)
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
