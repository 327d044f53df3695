/**
 * A media engine in a process of its own (VX63): native code that parses strangers' bytes can end there without taking
 * keys, chat or anything else with it. What was linked is told as `crashed`; the next link starts the engine again.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { FRAME_SAMPLES } from '../../audio/index.ts'
import { XcordError } from '../../base/index.ts'
import type { LinkId, LinkStats, MediaEvent, MediaPort } from '../../voice/index.ts'
import { type FromEngine, isSoundEvent, type ToEngine } from './messages.ts'

/** VX63: so often within `CRASH_WINDOW_MS` the engine may end by itself before it is left alone. */
const CRASHES_MAX = 5
const CRASH_WINDOW_MS = 60_000
/** To load the native parts, however slow the machine. */
const START_MS_MAX = 60_000
/** Between two questions whether it still lives, unless said otherwise. */
const PING_MS = 5_000
/** Questions without an answer before it is ended: a hung engine is as good as none. */
const PINGS_MISSED_MAX = 3
/** An engine that does not stop is killed after this. */
const STOP_MS_MAX = 2_000
/** Frames under way to an engine that does not read; beyond it they are dropped. */
const BACKLOG_MAX = 100
/** Of what the process wrote before it ended, for the reason. */
const LAST_WORDS_MAX = 500

/** The engine's program, in sources as in the build. */
const PROGRAM = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? './engine-main.ts' : './engine-main.js', import.meta.url)
)

/** A `MediaPort` with the process behind it. */
export interface MediaEngine extends MediaPort {
  /**
   * Starts the process where none runs, and waits until it can carry sound.
   *
   * @throws XcordError `XCORD_VOICE_UNAVAILABLE` where there is no WebRTC for this platform.
   */
  ready(): Promise<void>
  /** Of the running process; undefined while none runs. */
  pid(): number | undefined
}

/** How an engine is watched. */
export interface MediaEngineInit {
  /** Between two questions whether it still lives; three without an answer end it. */
  readonly pingMs?: number
}

/** One process, from fork to exit. */
interface Run {
  readonly child: ChildProcess
  readonly ready: Promise<void>
  post(message: ToEngine): void
}

interface RunEvents {
  message(message: FromEngine): void
  ended(reason: string): void
}

/** Starts the process. It is given nothing of our environment: it needs none of it. */
function startRun(events: RunEvents, pingMs: number): Run {
  const child = fork(PROGRAM, [], {
    execArgv: [],
    env: {},
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc']
  })
  let lastWords = ''
  let unavailable: string | undefined
  let backlog = 0
  let missed = 0
  let begun = (): void => undefined
  let failed = (_error: Error): void => undefined
  const ready = new Promise<void>((resolve, reject) => {
    begun = resolve
    failed = reject
  })
  // Whoever waits is told; nobody may be waiting.
  ready.catch(() => undefined)
  const post = (message: ToEngine): void => {
    if (!child.connected || (message.kind === 'send' && backlog > BACKLOG_MAX)) return
    backlog += 1
    child.send(message, () => {
      backlog -= 1
    })
  }
  const ping = (): void => {
    missed += 1
    if (missed > PINGS_MISSED_MAX) child.kill('SIGKILL')
    else post({ kind: 'ping' })
  }
  let watch = setTimeout(() => child.kill('SIGKILL'), START_MS_MAX).unref()
  const end = (reason: string): void => {
    clearTimeout(watch)
    failed(new XcordError('XCORD_VOICE_UNAVAILABLE', `Voice cannot be carried here: ${reason}.`, { reason }))
    events.ended(reason)
  }
  child.stderr?.on('data', (text: Buffer) => {
    lastWords = (lastWords + text.toString()).slice(-LAST_WORDS_MAX)
  })
  child.on('message', message => {
    const said = message as FromEngine
    // Whoever says anything lives: on a busy machine the answer itself may be long in coming.
    missed = 0
    if (said.kind === 'ready') {
      clearTimeout(watch)
      watch = setInterval(ping, pingMs).unref()
      begun()
    } else if (said.kind === 'unavailable') unavailable = said.reason
    else if (said.kind !== 'pong') events.message(said)
  })
  child.once('error', error => end(error.message))
  child.once('exit', (code, signal) => {
    const how = signal === null ? `it ended with code ${String(code)}` : `it was ended by ${signal}`
    const words = lastWords.trim().split('\n').at(-1)
    end(unavailable ?? (words === undefined || words === '' ? how : `${how}: ${words}`))
  })
  return { child, ready, post }
}

/** How often the engine ended by itself lately, and whether it may be started again. */
function createCrashBook() {
  let times: number[] = []
  const recent = (): number[] => (times = times.filter(at => performance.now() - at < CRASH_WINDOW_MS))
  return {
    note: (): void => void times.push(performance.now()),
    refusal: (): string | undefined =>
      recent().length < CRASHES_MAX
        ? undefined
        : `the engine ended ${times.length} times within a minute and is left alone until that is past`
  }
}

/** The process behind an engine: there while it is wanted, and its word told on. */
function createKeeper(pingMs: number, heard: (message: FromEngine) => void, ended: (reason: string) => void) {
  const crashes = createCrashBook()
  let run: Run | undefined
  let stopped = false
  return {
    start: (): Run => {
      if (run !== undefined) return run
      const mine: Run = startRun(
        {
          message: message => {
            if (run === mine) heard(message)
          },
          ended: reason => {
            if (run !== mine) return
            run = undefined
            if (!stopped) crashes.note()
            ended(reason)
          }
        },
        pingMs
      )
      run = mine
      return mine
    },
    running: (): Run | undefined => run,
    refusal: crashes.refusal,
    stop: async (): Promise<void> => {
      stopped = true
      if (run !== undefined) await stopRun(run)
    }
  }
}

/** Questions to the process, each with a number, answered once. */
function createQuestions() {
  const open = new Map<number, (stats: LinkStats | undefined) => void>()
  let last = 0
  const answer = (ask: number, stats: LinkStats | undefined): void => {
    open.get(ask)?.(stats)
    open.delete(ask)
  }
  return {
    ask: (put: (ask: number) => void): Promise<LinkStats | undefined> =>
      new Promise(resolve => {
        last += 1
        open.set(last, resolve)
        put(last)
      }),
    answer,
    giveUp: (): void => [...open.keys()].forEach(ask => answer(ask, undefined))
  }
}

/**
 * An engine whose process is started with its first link: a peer that never talks pays nothing. Where there is no WebRTC,
 * links fail (`crashed`) with the reason.
 */
export function createMediaEngine({ pingMs = PING_MS }: MediaEngineInit = {}): MediaEngine {
  const listeners = new Set<(event: MediaEvent) => void>()
  const links = new Set<LinkId>()
  const questions = createQuestions()
  const tell = (event: MediaEvent): void => {
    if (!links.has(event.link)) return
    if (event.kind === 'failed' || event.kind === 'closed') links.delete(event.link)
    for (const each of listeners) each(event)
  }
  const heard = (message: FromEngine): void => {
    if (message.kind === 'stats') questions.answer(message.ask, message.stats)
    if (message.kind === 'events') message.events.filter(isSoundEvent).forEach(tell)
  }
  const crashed = (reason: string): void => {
    questions.giveUp()
    for (const link of [...links]) tell({ kind: 'failed', link, failure: 'crashed', reason })
  }
  const keeper = createKeeper(pingMs, heard, crashed)
  const toLink = (link: LinkId, message: ToEngine): void => {
    if (links.has(link)) keeper.running()?.post(message)
  }
  return {
    ready: () => keeper.start().ready,
    pid: () => keeper.running()?.child.pid,
    open: (link, init) => {
      if (links.has(link)) return
      links.add(link)
      const reason = keeper.refusal()
      if (reason === undefined) keeper.start().post({ kind: 'open', link, init })
      else queueMicrotask(() => tell({ kind: 'failed', link, failure: 'crashed', reason }))
    },
    take: (link, signal) => toLink(link, { kind: 'take', link, signal }),
    send: (to, frame) => {
      if (frame.length !== FRAME_SAMPLES) throw new RangeError(`a frame has ${FRAME_SAMPLES} samples`)
      const known = to.filter(link => links.has(link))
      if (known.length > 0) keeper.running()?.post({ kind: 'send', links: known, frame })
    },
    setSending: (link, on) => toLink(link, { kind: 'sending', link, on }),
    setReceiving: (link, on) => toLink(link, { kind: 'receiving', link, on }),
    stats: async link => {
      const run = keeper.running()
      if (!links.has(link) || run === undefined) return undefined
      return await questions.ask(ask => run.post({ kind: 'stats', link, ask }))
    },
    close: link => {
      toLink(link, { kind: 'close', link })
      links.delete(link)
    },
    listen: listener => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    stop: async () => {
      links.clear()
      await keeper.stop()
    }
  }
}

async function stopRun({ child, post }: Run): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  await new Promise<void>(resolve => {
    const limit = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX)
    child.once('exit', () => {
      clearTimeout(limit)
      resolve()
    })
    post({ kind: 'stop' })
  })
}
