/**
 * When bytes last came in on each connection (NT20). libp2p does not say, so the encrypter, which sees the raw
 * connection first, is wrapped; the timeline object is what it shares with the finished connection.
 */
import { noise } from '@libp2p/noise'
import type { ConnectionEncrypter, MessageStream } from '@libp2p/interface'
import type { Clock } from '../../base/index.ts'
import { readQuietly, sendWhole } from './lean-noise.ts'

/** Arrival times, and the encrypter that notes them. */
export interface HeardBook {
  readonly encrypter: (components: Parameters<ReturnType<typeof noise>>[0]) => ConnectionEncrypter
  /** Time of the last bytes on the connection with this timeline. */
  heardAt(timeline: object): number | undefined
}

/** Makes the book of one transport. */
export function createHeardBook(clock: Clock): HeardBook {
  const heard = new WeakMap<object, number>()
  const listen = (stream: MessageStream): void => {
    const { timeline } = stream
    heard.set(timeline, clock.now())
    stream.addEventListener('message', () => heard.set(timeline, clock.now()))
  }
  const attend = (raw: MessageStream, secured: MessageStream): void => {
    listen(raw)
    sendWhole(raw)
    readQuietly(secured)
  }
  return {
    heardAt: timeline => heard.get(timeline),
    encrypter: components => {
      const inner = noise()(components)
      const secureInbound = inner.secureInbound.bind(inner)
      const secureOutbound = inner.secureOutbound.bind(inner)
      const watched: Pick<ConnectionEncrypter, 'secureInbound' | 'secureOutbound'> = {
        secureInbound: async (stream, options) => {
          const secured = await secureInbound(stream, options)
          attend(stream, secured.connection)
          return secured
        },
        secureOutbound: async (stream, options) => {
          const secured = await secureOutbound(stream, options)
          attend(stream, secured.connection)
          return secured
        }
      }
      return Object.assign(inner, watched)
    }
  }
}
