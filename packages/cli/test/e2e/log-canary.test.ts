/** What a daemon says of itself, at its most talkative: no word of anybody's, no secret, whatever goes wrong. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createHome, type Daemon, type Ended, type Home } from './processes.ts'

/** Throws out of a timer when it is told to, as a fault of ours would. */
const CRASH = `process.on('SIGUSR2', () => setImmediate(() => { throw new Error('a fault that nobody foresaw') }))`
const OWN = ['XCORD_LOG', 'NODE_OPTIONS'] as const

let home: Home
let reports: string
const before = OWN.map(name => process.env[name])
beforeEach(() => {
  reports = mkdtempSync(join(tmpdir(), 'xcord-reports-'))
  const crash = join(reports, 'crash.mjs')
  writeFileSync(crash, CRASH)
  process.env['XCORD_LOG'] = 'trace'
  process.env['NODE_OPTIONS'] = `--import=${crash} --report-uncaught-exception --report-directory=${reports}`
  home = createHome()
})
afterEach(async () => {
  await home.close()
  rmSync(reports, { recursive: true, force: true })
  OWN.forEach((name, index) => {
    const value = before[index]
    if (value === undefined) Reflect.deleteProperty(process.env, name)
    else process.env[name] = value
  })
})

const canary = (): string => `canary${randomBytes(9).toString('hex')}`

/** Everything a process says from here on. */
function ear({ process: child }: Daemon): () => string {
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (part: Buffer) => (text += part.toString()))
  return () => text
}

const found = (text: string, words: readonly string[]): readonly string[] =>
  words.filter(word =>
    [word, Buffer.from(word).toString('hex'), Buffer.from(word).toString('base64').slice(0, -4)].some(form =>
      text.includes(form)
    )
  )

/** Every second pair of neighbours among the 24 words. */
const pairs = (phrase: string): readonly string[] =>
  phrase.split(' ').flatMap((word, index, all) => (index % 2 === 1 ? [`${all[index - 1]} ${word}`] : []))

it('[CR8, KS7] T37: canaries sing in no line of a daemon, at any level, and in no report of its crash', async () => {
  const words = {
    name: canary(),
    password: canary(),
    wrong: canary(),
    server: canary(),
    channel: canary(),
    message: canary(),
    unsent: canary(),
    file: canary(),
    code: canary(),
    link: canary(),
    nick: canary(),
    reason: canary(),
    malformed: canary()
  }
  writeFileSync(home.password, `${words.password}\n`)
  const made = await home.xcord(['init', '--name', words.name, '--json', '--profile', 'ada'])
  expect(made.code, made.err).toBe(0)
  const { phrase } = JSON.parse(made.out) as { phrase: string }
  const ada = await home.daemon('ada')
  const said = ear(ada)
  const xcord = async (...argv: string[]): Promise<Ended> => await home.xcord([...argv, '--profile', 'ada'])

  expect((await xcord('server', 'create', words.server)).code).toBe(0)
  expect((await xcord('channel', 'create', words.channel)).code).toBe(0)
  expect((await xcord('send', `#${words.channel}`, words.message)).code).toBe(0)
  const file = join(home.path, `${words.file}.txt`)
  writeFileSync(file, words.file)
  expect((await xcord('send', `#${words.channel}`, 'look', '--file', file)).code).toBe(0)
  const invite = await xcord('invite', 'create', '--json')
  const { link } = JSON.parse(invite.out) as { link: string }

  // What fails: there, in the command, at once or after a while.
  const failing = [
    ['send', `#${words.unsent}`, words.unsent],
    ['send', `#${words.channel}`, words.unsent.repeat(400)],
    ['server', 'join', `${link.slice(0, -9)}${words.link}`],
    ['server', 'join', words.link],
    ['device', 'link', `xcord-link-${words.code}`, '--yes'],
    ['device', 'revoke', words.code, '--yes'],
    ['member', 'ban', words.nick, '--reason', words.reason, '--yes'],
    ['dm', 'send', words.nick, words.unsent]
  ]
  for (const argv of failing) expect((await xcord(...argv)).code, argv.join(' ')).not.toBe(0)
  const { device } = (await ada.api.call('listDevices')).items[0] as { device: string }
  const revoke = { params: { device }, body: { phrase: phrase.split(' ').reverse().join(' ') } }
  await expect(ada.api.call('revokeDevice', revoke)).rejects.toThrow()
  await expect(ada.api.call('sendMessage', { malformed: words.malformed } as never)).rejects.toThrow()
  expect((await xcord('lock')).code).toBe(0)
  await expect(ada.api.call('unlock', { body: { password: words.wrong } })).rejects.toThrow()
  expect((await xcord('unlock')).code).toBe(0)
  await expect.poll(() => said()).toMatch(/"route":"[^"]*unlock"/)

  ada.process.kill('SIGUSR2')
  await expect.poll(() => ada.process.exitCode ?? ada.process.signalCode, { timeout: 30_000 }).not.toBe(null)
  const files = readdirSync(reports).map(name => readFileSync(join(reports, name), 'utf8'))
  expect(files.some(text => text.includes('a fault that nobody foresaw'))).toBe(true)
  expect(said()).toContain('a fault that nobody foresaw')
  const secrets = [...Object.values(words), ...pairs(phrase), link.slice(link.indexOf('#') + 1)]
  // The search finds what is there.
  expect(found(`x${words.message}y`, secrets)).toEqual([words.message])
  expect(found(said(), secrets)).toEqual([])
  expect(found(files.join(''), secrets)).toEqual([])
})
