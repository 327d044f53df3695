/**
 * `npm run lab`: members behind home routers, in a small internet of network namespaces. Text through a node's relay, voice
 * directly with its STUN, voice on a line that loses, voice through a TURN server where routers let nothing else through, and on a line with jitter.
 * Exit code 0: every claim held. 1: one did not. 3: the laboratory cannot be built here; the reason is said.
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readWav, tonesHeard } from '@xcord/core/audio'
import { build, clear, impair, inside, missing, NODE_ADDRESS } from './net.mjs'

const BIN = fileURLToPath(new URL('../packages/cli/bin/xcord.mjs', import.meta.url))
const WAIT_MS = Number(process.env.XCORD_LAB_MS ?? 120_000)
const LOOK_MS = 500
const TONES = { ada: 440, grace: 660 }
const TURN = 'turn:lab:secret'
const TURN_PORT = 3_479
/** In front of the TURN server: what goes through it is treated badly. */
const SHAPED_PORT = 3_481

const children = []
let home = ''
let claims = 0

const say = text => process.stdout.write(`${text}\n`)
function claim(text) {
  claims += 1
  say(`  ok  ${text}`)
}

async function until(what, probe) {
  const end = Date.now() + WAIT_MS
  for (;;) {
    const found = await probe()
    if (found !== undefined && found !== false) return found
    if (Date.now() > end) throw new Error(`never happened: ${what}`)
    await new Promise(resolve => setTimeout(resolve, LOOK_MS))
  }
}

const environment = () => ({
  ...process.env,
  XCORD_HOME: home,
  XCORD_PASSWORD_FILE: join(home, 'password'),
  XDG_RUNTIME_DIR: '',
  NODE_NO_WARNINGS: '1'
})

/** Starts something at a place; resolves with the first line that fits. */
async function start(place, command, ready) {
  const [first, ...rest] = [...inside(place), ...command]
  const child = spawn(first, rest, { env: environment(), cwd: home, stdio: ['ignore', 'pipe', 'pipe'] })
  children.push(child)
  let text = ''
  for (const pipe of [child.stdout, child.stderr]) pipe.on('data', part => (text += part))
  return await until(`${command.slice(0, 4).join(' ')} is ready`, () => {
    if (child.exitCode !== null) throw new Error(`${command.join(' ')} ended: ${text}`)
    return ready.exec(text)?.[0]
  })
}

/** A verb, told to the daemon of that profile: its socket is a file, whichever network the daemon is in. */
function xcord(profile, ...argv) {
  const ended = spawnSync(process.execPath, [BIN, ...argv, '--profile', profile, '--json'], {
    env: environment(),
    encoding: 'utf8'
  })
  if (ended.status !== 0) throw new Error(`${profile}: ${argv.join(' ')}: ${ended.stderr}`)
  return ended.stdout
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line))
}

/** Whether the end of what a profile recorded is the other's tone. */
function hears(profile, hz) {
  const folder = join(home, `heard-by-${profile}`)
  let files = []
  try {
    files = readdirSync(folder)
  } catch {
    return false
  }
  return files.some(file => {
    const frames = [...readWav(readFileSync(join(folder, file))).frames()].slice(-31, -1)
    return tonesHeard(Int16Array.from(frames.flatMap(each => [...each])), [hz], 0.4).length === 1
  })
}

async function talk() {
  for (const profile of ['ada', 'grace'])
    xcord(
      profile,
      'voice',
      'join',
      'lounge',
      '--tone',
      String(TONES[profile]),
      '--output',
      join(home, `heard-by-${profile}`)
    )
}

async function untilHeard() {
  try {
    await until('Grace hears Ada', () => hears('grace', TONES.ada))
    await until('Ada hears Grace', () => hears('ada', TONES.grace))
  } catch (error) {
    for (const profile of ['ada', 'grace']) say(`      ${profile}: ${JSON.stringify([pairOf(profile)])}`)
    throw error
  }
}

const pairOf = profile => xcord(profile, 'voice', 'stats')[0]

/** Two homes, a node, and two members in one server that met by link. */
async function gather({ strict, ice }) {
  home = mkdtempSync(join(tmpdir(), 'xcord-lab-'))
  writeFileSync(join(home, 'password'), 'correct horse battery\n')
  build({ strict })
  const listen = `/ip4/${NODE_ADDRESS}/tcp/4001`
  const address = await start(
    'node',
    [
      process.execPath,
      BIN,
      'node',
      'run',
      '--key-file',
      join(home, 'node.key'),
      '--http',
      'off',
      '--listen',
      listen,
      '--announce',
      listen,
      '--set',
      'stun.port=3478'
    ],
    new RegExp(`${listen}/p2p/\\w+`)
  )
  for (const [profile, place] of [
    ['ada', 'a'],
    ['grace', 'b']
  ]) {
    xcord(profile, 'init', '--name', profile)
    await start(
      place,
      [
        process.execPath,
        BIN,
        'daemon',
        'run',
        '--profile',
        profile,
        '--json',
        '--no-mdns',
        '--bootstrap',
        address,
        ...ice.flatMap(each => ['--ice', each])
      ],
      /"msg":"ready"/
    )
  }
  xcord('ada', 'server', 'create', 'Lab', '--channel', 'general')
  xcord('ada', 'channel', 'create', 'lounge', '--kind', 'voice')
  const [{ link }] = xcord('ada', 'invite', 'create')
  await until('Grace joins by link', () => {
    try {
      return xcord('grace', 'server', 'join', link, '--timeout', '30s')
    } catch {
      return undefined
    }
  })
  await until('Grace sees the lounge', () =>
    xcord('grace', 'channel', 'list').some(each => each.name === 'lounge')
  )
}

async function chat() {
  xcord('ada', 'send', 'general', 'across two routers')
  await until('the message arrives', () =>
    xcord('grace', 'message', 'list', 'general').some(each => each.content === 'across two routers')
  )
  claim('two members behind routers of their own meet by link and chat through a node')
}

/** Ends what runs, and takes the network away. */
async function end() {
  for (const child of children.splice(0).reverse()) {
    if (child.exitCode !== null) continue
    const over = new Promise(resolve => child.once('exit', resolve))
    child.kill('SIGKILL')
    await over
  }
  clear()
  if (home !== '') rmSync(home, { recursive: true, force: true })
}

async function ordinaryRouters() {
  say('Routers as most homes have them:')
  await gather({ strict: false, ice: [`stun:${NODE_ADDRESS}:3478`] })
  await chat()
  await talk()
  await untilHeard()
  const pair = await until('figures', () => {
    const found = pairOf('ada')
    return found?.route !== null ? found : undefined
  })
  if (pair.route !== 'direct') throw new Error(`the path is ${pair.route}`)
  claim('they hear each other directly, with the node’s STUN')
  const { delayed } = impair({ lossPct: 5, jitterMs: 100 })
  await until('the figures tell of the loss', () => (pairOf('grace')?.lossPct ?? 0) >= 1)
  await untilHeard()
  const bad = pairOf('grace')
  claim(
    `on a line that loses 5 %${delayed ? ' and delays by 0 to 200 ms' : ''} they go on hearing each other; Grace’s figures: ` +
      `${bad.lossPct?.toFixed(1)} % lost, jitter ${bad.jitterMs?.toFixed(0)} ms, ${bad.concealedPct?.toFixed(1)} % made up, ${bad.quality}`
  )
  const full = pairOf('ada').sentKbps
  // Comes on top of the loss there is.
  impair({ lossPct: 25, jitterMs: 0 })
  const less = await until('less is sent', () => {
    const { sentKbps } = pairOf('ada')
    return sentKbps < full * 0.7 ? sentKbps : undefined
  })
  await untilHeard()
  claim(
    `where more than a quarter is lost Ada sends ${less.toFixed(0)} kbit/s in place of ${full.toFixed(0)}, and they still hear each other`
  )
  await end()
}

const hasTurn = () => spawnSync('turnserver', ['--version']).error === undefined

/** A TURN server on the public machine. */
async function startTurn() {
  await start(
    'node',
    [
      'turnserver',
      '-n',
      '--log-file=stdout',
      '--lt-cred-mech',
      '--user=lab:secret',
      '--realm=lab',
      '--no-cli',
      '--no-tls',
      '--no-dtls',
      `--listening-ip=${NODE_ADDRESS}`,
      `--relay-ip=${NODE_ADDRESS}`,
      `--listening-port=${TURN_PORT}`,
      `--pidfile=${join(home, 'turn.pid')}`,
      `--userdb=${join(home, 'turndb')}`
    ],
    /(?:)/ // It says nothing before its buffer is full; calls ask again.
  )
}

/** Ada's pair, once something carries it. */
async function untilRelayed() {
  const pair = await until('figures', () => {
    const found = pairOf('ada')
    return found?.route === null ? undefined : found
  })
  if (pair.route !== 'relay') throw new Error(`the path is ${pair.route}`)
}

async function strictRouters() {
  say('Routers that show another port to everybody:')
  const turn = hasTurn()
  await gather({
    strict: true,
    ice: [turn ? `${TURN}@${NODE_ADDRESS}:${TURN_PORT}` : `stun:${NODE_ADDRESS}:3478`]
  })
  if (turn) await startTurn()
  await chat()
  await talk()
  if (turn) {
    await untilHeard()
    await untilRelayed()
    claim('they hear each other through a TURN server, and the figures say so')
  } else {
    await until('no path is found, and said', () => pairOf('ada')?.path === 'unreachable')
    claim('without a TURN server no path is found, and it is said; text goes on')
    say('  --  not shown: relayed voice; coturn is not installed')
  }
  await end()
}

/** Each way through the shaper half of it: what one says passes it twice, into the relay and out. */
async function badLine() {
  say('A line that delays each datagram by 0 to 100 ms of its own and loses 5 %:')
  if (!hasTurn()) {
    say('  --  not shown: the line is in front of a TURN server, and coturn is not installed')
    return
  }
  await gather({ strict: true, ice: [`${TURN}@${NODE_ADDRESS}:${SHAPED_PORT}`] })
  await startTurn()
  const shaper = fileURLToPath(new URL('./shaper.mjs', import.meta.url))
  await start(
    'node',
    [process.execPath, shaper, SHAPED_PORT, NODE_ADDRESS, TURN_PORT, 50, 2.5].map(String),
    /shaping/
  )
  await talk()
  await untilHeard()
  await untilRelayed()
  const bad = await until('the figures tell of loss and jitter', () => {
    const found = pairOf('grace')
    return (found?.lossPct ?? 0) >= 1 && (found?.jitterMs ?? 0) >= 10 ? found : undefined
  })
  await untilHeard()
  claim(
    `they go on hearing each other; Grace’s figures: ${bad.lossPct?.toFixed(1)} % lost, jitter ${bad.jitterMs?.toFixed(0)} ms, ` +
      `round trip ${bad.rttMs?.toFixed(0)} ms, ${bad.concealedPct?.toFixed(1)} % made up, ${bad.quality}`
  )
  xcord('ada', 'send', 'general', 'and text goes on')
  await until('the message arrives', () =>
    xcord('grace', 'message', 'list', 'general').some(each => each.content === 'and text goes on')
  )
  claim('text goes on beside it')
  await end()
}

const why = missing()
if (why !== undefined) {
  say(`The laboratory cannot be built here: ${why}.`)
  process.exit(3)
}
let code = 0
try {
  await ordinaryRouters()
  await strictRouters()
  await badLine()
  say(`${claims} claims hold.`)
} catch (error) {
  say(`  NOT ${error?.stack ?? error}`)
  code = 1
} finally {
  await end()
}
process.exit(code)
