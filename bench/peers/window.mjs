/**
 * "64 in flight": the receiver's application tells the sender's how many messages it has seen, over a plain TCP
 * connection of its own. The floor and XCord are measured with this same loop, so that it cancels out.
 */
import { connect, createServer } from 'node:net'

const COUNT_BYTES = 4

/** The receiver's side: counts, and tells the count once a turn of the event loop. */
export async function openTally() {
  let seen = 0
  let told = 0
  let socket
  let scheduled = false
  const tell = () => {
    scheduled = false
    if (socket === undefined || told === seen) return
    told = seen
    const bytes = Buffer.alloc(COUNT_BYTES)
    bytes.writeUInt32LE(seen)
    socket.write(bytes)
  }
  const server = createServer(each => {
    socket = each.setNoDelay(true)
    each.on('error', () => undefined)
    seen = 0
    told = 0
  })
  await new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  server.unref()
  return {
    port: server.address().port,
    count: () => seen,
    add: (messages = 1) => {
      seen += messages
      if (scheduled) return
      scheduled = true
      setImmediate(tell)
    }
  }
}

/** The sender's side. */
export async function openWindow(port, size) {
  let sent = 0
  let seen = 0
  let wake
  let rest = Buffer.alloc(0)
  const socket = connect(port, '127.0.0.1').setNoDelay(true)
  await new Promise((resolve, reject) => socket.once('error', reject).once('connect', resolve))
  socket.on('data', chunk => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const whole = rest.length - (rest.length % COUNT_BYTES)
    if (whole === 0) return
    seen = rest.readUInt32LE(whole - COUNT_BYTES)
    rest = rest.subarray(whole)
    wake?.()
  })
  const until = async (met, msMax) => {
    const end = performance.now() + msMax
    while (!met()) {
      const left = end - performance.now()
      if (left <= 0)
        throw new Error(`${sent - seen} of ${sent} messages did not arrive in ${msMax / 1_000} s`)
      await new Promise(resolve => {
        const limit = setTimeout(resolve, left)
        wake = () => {
          clearTimeout(limit)
          resolve()
        }
      })
    }
  }
  return {
    took: () => sent++,
    isFull: () => sent - seen >= size,
    room: () => until(() => sent - seen < size, 30_000),
    /** Resolves when everything sent was seen. */
    drained: () => until(() => seen >= sent, 30_000),
    close: () => socket.destroy()
  }
}

/**
 * Keeps the window full for a time, then waits for the rest.
 *
 * @param {{ port: number, size: number, ms: number, publish: (index: number) => Promise<unknown> }} init
 */
export async function flood({ port, size, ms, publish }) {
  const window = await openWindow(port, size)
  let fault
  try {
    const began = performance.now()
    const { user, system } = process.cpuUsage()
    let count = 0
    while (performance.now() - began < ms) {
      if (fault !== undefined) throw fault
      if (window.isFull()) {
        await window.room()
        continue
      }
      window.took()
      publish(count++).catch(error => (fault ??= error))
    }
    await window.drained()
    const spent = process.cpuUsage()
    return { count, ms: performance.now() - began, cpu: spent.user + spent.system - user - system }
  } catch (error) {
    throw fault ?? error
  } finally {
    window.close()
  }
}

/** Sends at an even pace whatever comes back (open loop), each with the time it was due. */
export async function pace({ perSecond, count, publish }) {
  const began = performance.now()
  let fault
  for (let index = 0; index < count; index++) {
    const wait = began + (index * 1_000) / perSecond - performance.now()
    if (wait > 0) await new Promise(resolve => setTimeout(resolve, wait))
    if (fault !== undefined) throw fault
    publish(index).catch(error => (fault ??= error))
  }
}

/** Nanoseconds of the machine's monotonic clock: the same in every process. */
export const stamp = () => process.hrtime.bigint()

/** Text of a length whose first word is the time it was made. */
export function stampedText(length, index) {
  return `${stamp()} ${index} `.padEnd(length, 'lorem ipsum dolor sit amet ')
}

/** Milliseconds since a stamped text was made. */
export function ageOf(text) {
  return Number(stamp() - BigInt(text.slice(0, text.indexOf(' ')))) / 1e6
}
