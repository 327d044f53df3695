/** Keeps the state fed: the present first, then events from where it was taken, again after every break. */
import { setTimeout as sleep } from 'node:timers/promises'
import { isXcordError } from '@xcord/core'
import type { Api } from '../api/api.ts'
import { errorFromJson, errorJson, outcomeOf } from '../errors/outcome.ts'
import type { EventFrame } from '../gateway/frames.ts'
import type { Notice } from './state/state.ts'
import type { Store } from './store.ts'

/** Messages fetched at once. */
export const PAGE_MESSAGES = 60
const RETRY_MS = 1_000
const SETTLE_MS = 250
/** Presence and paths change without events of their own. */
const PRESENCE_MS = 10_000
/** Who speaks is not in the stream of events: it is looked at, where there is a voice channel. */
const VOICE_MS = 1_000
/** While a server is being verified, it is read again. */
const VERIFYING_MS = 1_000

/** An error as people get it: what happened, its code, what to do. */
export function noticeOf(error: unknown): Notice {
  const { code, message } = errorJson(error)
  // What cannot be understood here was typed here.
  const remedy = code === 'XCORD_USAGE' ? '/help shows keys and commands.' : outcomeOf(code).remedy
  return { kind: 'error', text: message, code, remedy }
}

export interface Feed {
  /** Runs until the signal aborts. */
  run(): Promise<void>
  /** Reads a server again. */
  loadServer(server: string): Promise<void>
  loadServers(): Promise<void>
  /** The newest page of a channel that was not read yet. */
  loadChannel(channel: string, again?: boolean): Promise<void>
  loadOlder(channel: string): Promise<void>
  /** Who is in the voice channels of the open server. */
  loadVoice(): Promise<void>
  /** The open channel is read to its end: says so, once it has been quiet for a moment. */
  seen(): void
}

/** Reads of the present, each into the state. */
function createReads(api: Api, { dispatch, get }: Store, seen: () => void) {
  async function loadServer(server: string) {
    const params = { server }
    const [channels, threads, roles, members] = await Promise.all([
      api.call('listChannels', { params }),
      api.call('listThreads', { params, query: { archived: false } }),
      api.call('listRoles', { params }),
      api.call('listMembers', { params })
    ])
    dispatch({
      type: 'server-details',
      server,
      channels: [...channels.items, ...threads.items],
      roles: roles.items,
      members: members.items
    })
  }

  async function loadServers() {
    const { items } = await api.call('listServers')
    await Promise.all(items.map(server => loadServer(server.id)))
    dispatch({ type: 'servers', servers: items })
  }

  async function loadChannel(channel: string, again = false) {
    const held = get().conversations[channel]
    if (!again && held !== undefined) return seen()
    dispatch({ type: 'page-asked', channel })
    const { items, next } = await api.call('listMessages', {
      params: { channel },
      query: { limit: PAGE_MESSAGES }
    })
    dispatch({ type: 'page', channel, messages: items, complete: next === null, fresh: true })
    seen()
  }

  async function loadOlder(channel: string) {
    const held = get().conversations[channel]
    const oldest = held?.messages[0]
    if (held === undefined || held.loading || held.complete || oldest === undefined) return
    dispatch({ type: 'page-asked', channel })
    const query = { limit: PAGE_MESSAGES, before: oldest.id }
    const { items, next } = await api.call('listMessages', { params: { channel }, query })
    dispatch({ type: 'page', channel, messages: items, complete: next === null, fresh: false })
  }

  async function loadPresence() {
    dispatch({ type: 'own', own: await api.call('getPresence') })
    const { items } = await api.call('listPeers')
    dispatch({ type: 'peers', count: items.length })
    const { server } = get()
    if (server === null) return
    const members = await api.call('listMembers', { params: { server } })
    dispatch({ type: 'members', server, members: members.items })
  }

  async function loadVoice() {
    const { server, occupants, channels } = get()
    if (server === null || !(channels[server] ?? []).some(each => /^(voice|stage)$/.test(each.kind))) return
    const { items } = await api.call('listOccupants', { params: { server } })
    if (JSON.stringify(items) !== JSON.stringify(occupants[server] ?? []))
      dispatch({ type: 'occupants', server, occupants: items })
  }

  async function loadPresent() {
    dispatch({ type: 'me', me: await api.call('getMe') })
    await loadServers()
    const { channel } = get()
    if (channel !== null) await loadChannel(channel, true)
    await loadPresence()
  }

  return { loadServer, loadServers, loadChannel, loadOlder, loadPresence, loadPresent, loadVoice }
}

/** What is shown unverified becomes more, is judged, or goes, without events that are kept (docs/adr/0280). */
async function readUnverified({ get }: Store, reads: Pick<Feed, 'loadServers' | 'loadChannel'>) {
  const { server, channel, servers, conversations } = get()
  const verifying = servers.find(each => each.id === server)?.verifying !== undefined
  const unverified = conversations[channel ?? '']?.messages.some(each => each.unverified === true) === true
  if (verifying) await reads.loadServers()
  if (channel !== null && (verifying || unverified)) await reads.loadChannel(channel, true)
}

/** Runs the newest of what is asked in bursts, once it has been quiet for a moment. */
function quietly(work: () => Promise<void>) {
  let timer: NodeJS.Timeout | undefined
  return {
    ask: () => {
      clearTimeout(timer)
      // What fails here fails again where the person asks for it, and is said there.
      timer = setTimeout(() => void work().catch(() => undefined), SETTLE_MS)
    },
    stop: () => clearTimeout(timer)
  }
}

export function createFeed(api: Api, store: Store, signal: AbortSignal): Feed {
  const { dispatch, get } = store

  async function markRead() {
    const { channel, scroll, conversations } = get()
    if (channel === null || scroll > 0 || signal.aborted || conversations[channel] === undefined) return
    dispatch({ type: 'channel', channel: await api.call('markRead', { params: { channel }, body: {} }) })
  }

  const reading = quietly(markRead)
  const reads = createReads(api, store, reading.ask)
  const presence = quietly(reads.loadPresence)

  async function take(frame: EventFrame) {
    dispatch({ type: 'event', frame })
    const { channel, me } = get()
    const ours = frame.type === 'presence:update' && frame.data.member.id === me?.identity
    if (ours || /^(connection|member|sync):/.test(frame.type)) presence.ask()
    if (frame.type === 'server:join') await reads.loadServer(frame.data.server.id)
    if (frame.type !== 'message:create') return
    const { message } = frame.data
    if (message.channel === channel && message.author !== me?.identity) reading.ask()
  }

  async function follow() {
    for await (const frame of api.frames({ signal })) {
      if (frame.frame === 'hello' || frame.frame === 'gap') {
        // The stream begins behind its hello: what we read now cannot miss anything.
        await reads.loadPresent()
        dispatch({ type: 'stream', stream: 'live' })
      } else if (frame.frame === 'error') throw errorFromJson(frame.error)
      else if (frame.frame === 'event') await take(frame)
    }
  }

  async function run() {
    const looking = setInterval(presence.ask, PRESENCE_MS)
    // What fails here fails again where the person asks for it.
    const listening = setInterval(() => void reads.loadVoice().catch(() => undefined), VOICE_MS)
    const verifying = setInterval(
      () => void readUnverified(store, reads).catch(() => undefined),
      VERIFYING_MS
    )
    while (!signal.aborted) {
      try {
        await follow()
      } catch (error) {
        if (signal.aborted) break
        dispatch({ type: 'stream', stream: 'lost' })
        if (!isXcordError(error, 'XCORD_DAEMON_UNREACHABLE'))
          dispatch({ type: 'notice', notice: noticeOf(error) })
      }
      await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined)
    }
    clearInterval(looking)
    clearInterval(listening)
    clearInterval(verifying)
    presence.stop()
    reading.stop()
  }

  const { loadServer, loadServers, loadChannel, loadOlder, loadVoice } = reads
  return { loadVoice, run, loadServer, loadServers, loadChannel, loadOlder, seen: reading.ask }
}
