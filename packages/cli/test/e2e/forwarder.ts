/** A line between daemons that can be cut: they tell each other this port and never their own. */
import { createServer, connect, type Server, type Socket } from 'node:net'

export interface Forwarder {
  /** What others dial. */
  readonly port: number
  /** Ends what goes through, and takes nothing more. */
  sever(): Promise<void>
  restore(): Promise<void>
  /** Bytes that went through so far, in either direction. */
  readonly bytes: number
  close(): Promise<void>
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return (server.address() as { port: number }).port
}

/** A port that nothing listens on just now. */
export async function freePort(): Promise<number> {
  const probe = createServer()
  const port = await listen(probe, 0)
  await new Promise(resolve => probe.close(resolve))
  return port
}

/** @param target - The daemon's own port. */
export async function createForwarder(target: number): Promise<Forwarder> {
  const sockets = new Set<Socket>()
  const seen = { bytes: 0 }
  const carry = (from: Socket, to: Socket) => {
    sockets.add(from)
    from.on('data', (part: Buffer) => (seen.bytes += part.length))
    from.pipe(to)
    from.on('error', () => to.destroy())
    from.on('close', () => {
      sockets.delete(from)
      to.destroy()
    })
  }
  const open = () =>
    createServer(inbound => {
      const outbound = connect(target, '127.0.0.1')
      carry(inbound, outbound)
      carry(outbound, inbound)
    })
  let server = open()
  const port = await listen(server, 0)
  const sever = async () => {
    if (!server.listening) return
    const closed = new Promise(resolve => server.close(resolve))
    for (const socket of sockets) socket.destroy()
    await closed
  }
  return {
    port,
    sever,
    restore: async () => {
      if (server.listening) return
      server = open()
      await listen(server, port)
    },
    get bytes() {
      return seen.bytes
    },
    close: sever
  }
}
