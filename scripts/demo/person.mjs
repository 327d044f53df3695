/** One of the cast: a machine of their own (a home folder), a daemon, and a window that follows events. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ClaimFailed } from './claim.mjs'
import { narrator } from './narrator.mjs'
import { environment, folderOf, run, stay } from './stage.mjs'

const EVENT_MS_MAX = 20_000

export class Person {
  constructor(name) {
    this.name = name
    this.login = name.toLowerCase()
    const desk = folderOf(this.login)
    this.home = folderOf(join(this.login, 'xcord'))
    const password = join(folderOf('passwords'), this.login)
    writeFileSync(password, `${this.login} and 1024 brass gears\n`, { mode: 0o600 })
    this.place = { cwd: desk, env: environment({ XCORD_HOME: this.home, XCORD_PASSWORD_FILE: password }) }
    /** Events in order, each with the moment it was read. */
    this.events = []
    this.waiting = new Set()
  }

  /** Runs a verb, shows it as typed, and fails unless it ends with the expected code. */
  async types(...words) {
    const result = await this.tries(...words)
    if (result.code !== 0)
      throw new ClaimFailed(
        `"xcord ${words.join(' ')}" succeeds`,
        `exit code ${result.code}: ${result.stderr}`
      )
    return result
  }

  /** As `types`, whatever code it ends with. */
  async tries(...words) {
    const result = await run('xcord', words, this.place)
    narrator.command(this.login, ['xcord', ...words], result.ms)
    return result
  }

  /** Asks without showing it: one JSON value a line. */
  async asks(...words) {
    const { code, stdout, stderr } = await run('xcord', [...words, '--json'], this.place)
    if (code !== 0)
      throw new ClaimFailed(`"xcord ${words.join(' ')} --json" succeeds`, `exit code ${code}: ${stderr}`)
    return stdout
      .trim()
      .split('\n')
      .filter(text => text !== '')
      .map(text => JSON.parse(text))
  }

  /** Sends and shows; gives the message as the sender's own peer announced it. */
  async says(channel, text, ...options) {
    await this.types('send', channel, text, ...options)
    return await this.hears(
      'message:create',
      ({ message }) => message.content === text && message.author === this.id
    )
  }

  /** Starts the daemon, waits until it says it is ready, and shows it as typed. */
  async goesOnline(address) {
    const words = ['daemon', 'run', '--no-mdns', '--listen', '/ip4/127.0.0.1/tcp/0', '--bootstrap', address]
    const isReady = text => text.includes('"msg":"ready"')
    this.daemon = await stay(`${this.login}'s daemon`, 'xcord', words, this.place, isReady)
    narrator.command(this.login, ['xcord', ...words], this.daemon.ms)
  }

  /** Opens a window that follows events: from now on, or from where the last one was closed. */
  async follows() {
    const since = this.events.at(-1)?.event.cursor ?? this.cursor
    const words = ['events', ...(since === undefined ? [] : ['--since', since])]
    this.window = await stay(`${this.login}'s events`, 'xcord', words, this.place, (text, isRemark) => {
      if (!isRemark) this.#heard(JSON.parse(text))
      // Said once the stream stands.
      return isRemark && text.startsWith('cursor ')
    })
    this.cursor ??= this.window.line.slice('cursor '.length)
    return ['xcord', ...words]
  }

  #heard(event) {
    const record = { event, at: performance.now() }
    this.events.push(record)
    for (const look of this.waiting) look(record)
  }

  /** An event, past or yet to come, with the moment it was heard. */
  hears(type, fits, msMax = EVENT_MS_MAX) {
    const isIt = ({ event }) => event.type === type && fits(event.data)
    const give = ({ event, at }) => ({ ...event.data, at })
    const before = this.events.find(isIt)
    if (before !== undefined) return Promise.resolve(give(before))
    return new Promise((resolve, reject) => {
      const look = record => {
        if (!isIt(record)) return
        clearTimeout(limit)
        this.waiting.delete(look)
        resolve(give(record))
      }
      const limit = setTimeout(() => {
        this.waiting.delete(look)
        const last = this.events
          .slice(-3)
          .map(({ event }) => `${event.type} ${JSON.stringify(event.data).slice(0, 160)}`)
        reject(
          new ClaimFailed(
            `${this.name} hears ${type}`,
            `not within ${msMax / 1_000} s; last heard: ${last.join(' | ') || 'nothing'}`
          )
        )
      }, msMax)
      this.waiting.add(look)
    })
  }

  /** Everything held in a channel, without what only this machine knows. */
  async history(channel) {
    const messages = await this.asks('message', 'list', channel, '--all')
    return messages.map(({ delivery: _delivery, authorName: _name, ...message }) => message)
  }

  /** Ends the daemon as a user would, and gives the exit code of its process. */
  async goesOffline() {
    await this.types('daemon', 'stop')
    return await this.daemon.ended
  }
}
