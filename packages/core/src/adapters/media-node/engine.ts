/** The engine in its own process: links by number, one clock for all of them. */
import type { LinkId, MediaEvent } from '../../voice/index.ts'
import { everyFrame } from '../audio-node/index.ts'
import { type EngineLink, openLink } from '../media-link/index.ts'
import type { FromEngine, ToEngine } from './messages.ts'
import { NATIVE } from './native.ts'

/** Messages under way to a peer that does not read; beyond it sound is dropped, never words. */
const BACKLOG_MAX = 100

/** What the engine tells, gathered for one turn of the event loop. */
function createTeller(post: (message: FromEngine, done: () => void) => void) {
  let events: MediaEvent[] = []
  let backlog = 0
  const flush = (): void => {
    backlog += 1
    post({ kind: 'events', events }, () => {
      backlog -= 1
    })
    events = []
  }
  return (event: MediaEvent): void => {
    if (backlog > BACKLOG_MAX && (event.kind === 'audio' || event.kind === 'level')) return
    if (events.length === 0) setImmediate(flush)
    events.push(event)
  }
}

/**
 * Ends this process at once (PF4). In an ordinary end native destructors run while threads of WebRTC still deliver, and
 * whoever comes first crashes the other; nothing here waits to be written, so that nothing is lost by not running them.
 */
export function endNow(): void {
  process.kill(process.pid, 'SIGKILL')
}

/** Starts the engine. `post` gives a message to the peer and calls back once it is on its way. */
export function startEngine(
  post: (message: FromEngine, done: () => void) => void
): (message: ToEngine) => void {
  const links = new Map<LinkId, EngineLink>()
  const tellPeer = createTeller(post)
  const tell = (event: MediaEvent): void => {
    if (event.kind === 'failed' || event.kind === 'closed') links.delete(event.link)
    tellPeer(event)
  }
  const open = ({ link, init }: ToEngine & { kind: 'open' }): void => {
    if (links.has(link)) return
    try {
      links.set(
        link,
        openLink(NATIVE, link, init, tell, () => performance.now())
      )
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      tell({ kind: 'failed', link, failure: 'description', reason })
    }
  }
  everyFrame(() => {
    for (const each of links.values()) each.tick()
  })
  return message => {
    switch (message.kind) {
      case 'open':
        return open(message)
      case 'take':
        return links.get(message.link)?.take(message.signal)
      case 'send':
        for (const link of message.links) links.get(link)?.push(message.frame)
        return
      case 'sending':
        return links.get(message.link)?.setSending(message.on)
      case 'receiving':
        return links.get(message.link)?.setReceiving(message.on)
      case 'stats':
        void (links.get(message.link)?.stats() ?? Promise.resolve(undefined)).then(stats =>
          post({ kind: 'stats', ask: message.ask, stats }, () => undefined)
        )
        return
      case 'close':
        links.get(message.link)?.close()
        links.delete(message.link)
        return
      case 'ping':
        return post({ kind: 'pong' }, () => undefined)
      case 'stop':
        for (const each of links.values()) each.close()
        return endNow()
    }
  }
}
