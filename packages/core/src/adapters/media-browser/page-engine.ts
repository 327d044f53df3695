/**
 * A media engine in the page: the browser keeps its WebRTC in a process of its own already (VX63). Everything it takes is
 * loaded with the first link.
 */
import { FRAME_SAMPLES } from '../../audio/index.ts'
import type { LinkId, MediaEvent, MediaPort } from '../../voice/index.ts'
import type { EngineLink } from '../media-link/index.ts'
import { everyPageFrame, pageAudio } from './sound.ts'

type Open = (
  link: LinkId,
  init: Parameters<MediaPort['open']>[1],
  tell: (event: MediaEvent) => void
) => EngineLink

/** What begins with the first link. */
async function loadOpen(tick: () => void): Promise<{ readonly open: Open; readonly stop: () => void }> {
  if (!('RTCPeerConnection' in globalThis))
    throw new Error('this browser has no WebRTC, or it is switched off')
  const [context, { openLink }, { createPagePlatform }] = await Promise.all([
    pageAudio(),
    import('../media-link/index.ts'),
    import('./platform.ts')
  ])
  const platform = createPagePlatform(context)
  return {
    open: (link, init, tell) => openLink(platform, link, init, tell, () => performance.now()),
    stop: everyPageFrame(context, tick)
  }
}

/** Makes an engine; it costs nothing before its first link. */
export function createPageEngine(): MediaPort {
  const listeners = new Set<(event: MediaEvent) => void>()
  const links = new Map<LinkId, EngineLink | undefined>()
  const tick = (): void => {
    for (const link of links.values()) link?.tick()
  }
  let loading: ReturnType<typeof loadOpen> | undefined
  let last: Promise<unknown> = Promise.resolve()
  const tell = (event: MediaEvent): void => {
    if (!links.has(event.link)) return
    if (event.kind === 'failed' || event.kind === 'closed') links.delete(event.link)
    for (const each of listeners) each(event)
  }
  /** Commands wait for the loading, and stay in order. */
  const inTurn = (run: () => void): void => {
    last = last.then(run, run)
  }
  const begin = async (link: LinkId, init: Parameters<MediaPort['open']>[1]): Promise<void> => {
    loading ??= loadOpen(tick)
    try {
      const { open } = await loading
      if (links.has(link)) links.set(link, open(link, init, tell))
    } catch (error) {
      loading = undefined
      tell({
        kind: 'failed',
        link,
        failure: 'crashed',
        reason: error instanceof Error ? error.message : String(error)
      })
    }
  }
  return {
    open: (link, init) => {
      if (links.has(link)) return
      links.set(link, undefined)
      last = last.then(async () => await begin(link, init))
    },
    take: (link, signal) => inTurn(() => links.get(link)?.take(signal)),
    send: (to, frame) => {
      if (frame.length !== FRAME_SAMPLES) throw new RangeError(`a frame has ${FRAME_SAMPLES} samples`)
      for (const link of to) links.get(link)?.push(frame.slice())
    },
    setSending: (link, on) => inTurn(() => links.get(link)?.setSending(on)),
    setReceiving: (link, on) => inTurn(() => links.get(link)?.setReceiving(on)),
    stats: async link => {
      await last
      return await links.get(link)?.stats()
    },
    close: link => {
      const open = links.get(link)
      links.delete(link)
      open?.close()
    },
    listen: listener => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    stop: async () => {
      const open = [...links.values()]
      links.clear()
      for (const each of open) each?.close()
      const loaded = await loading?.catch(() => undefined)
      loaded?.stop()
      loading = undefined
    }
  }
}
