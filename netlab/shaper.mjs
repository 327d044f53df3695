/**
 * A hop that treats datagrams badly, for kernels without netem: each is held back for a random time of its own, so that
 * they overtake each other, and some are lost. Both ways: `node shaper.mjs <port> <target host> <target port> <ms> <percent>`.
 */
import { createSocket } from 'node:dgram'

const [port, host, targetPort, delayMs, lossPct] = process.argv
  .slice(2)
  .map(each => (/^[\d.]+$/.test(each) && Number.isFinite(Number(each)) ? Number(each) : each))
/** Whoever said nothing for so long is forgotten. */
const QUIET_MS = 60_000

const front = createSocket('udp4')
/** A socket towards the target for each who sends to us, so that answers find back. */
const ways = new Map()

/** Now and then not, and never at once. */
function treat(deliver) {
  if (Math.random() * 100 < lossPct) return
  setTimeout(deliver, Math.random() * delayMs)
}

function wayOf(from) {
  const name = `${from.address}:${from.port}`
  const known = ways.get(name)
  if (known !== undefined) return known
  const socket = createSocket('udp4')
  socket.on('error', () => undefined)
  socket.on('message', bytes => treat(() => front.send(bytes, from.port, from.address)))
  const way = { socket, at: Date.now() }
  ways.set(name, way)
  return way
}

front.on('message', (bytes, from) => {
  const way = wayOf(from)
  way.at = Date.now()
  treat(() => ways.get(`${from.address}:${from.port}`) === way && way.socket.send(bytes, targetPort, host))
})
setInterval(() => {
  for (const [name, { socket, at }] of ways)
    if (Date.now() - at > QUIET_MS && ways.delete(name)) socket.close()
}, QUIET_MS)
front.bind(port, () =>
  process.stdout.write(`shaping ${port}: 0 to ${delayMs} ms, ${lossPct} % lost, each way\n`)
)
