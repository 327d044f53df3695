/** The play, act by act. */
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { search } from './canary.mjs'
import { assert, assertEqual, claim, eventually } from './claim.mjs'
import { narrator } from './narrator.mjs'
import { Person } from './person.mjs'
import { environment, folderOf, stay } from './stage.mjs'

const DENIED = 4

/** Planted in a message and in a channel's name: nobody but members may find them. */
const canary = {
  message: `canary ${randomBytes(12).toString('hex')}`,
  channel: `canary-${randomBytes(8).toString('hex')}`
}

const [ada, grace, alan] = [new Person('Ada'), new Person('Grace'), new Person('Alan')]
const all = [ada, grace, alan]
const ms = value => `${Math.max(0, Math.round(value))} ms`

/** The first characters of an id: what people type. */
const short = id => id.slice(0, 12)

/** How long after the peer of the one who did it, each reader's peer told of it. */
async function spreads(sentence, type, actor, readers, fits) {
  await claim(
    found =>
      `${sentence}: ${found.map(({ reader, after }) => `${reader.name} after ${ms(after)}`).join(', ')}`,
    async () => {
      const own = await actor.hears(type, fits)
      const heard = await Promise.all(
        readers.map(async reader => ({ reader, ...(await reader.hears(type, fits)) }))
      )
      return heard.map(each => ({ ...each, after: each.at - own.at }))
    },
    { showTime: false }
  )
}

/** Says something, and checks that the readers have it, whole and by whom it was said. */
async function chats(person, channel, text, readers, ...options) {
  const { message } = await person.says(channel, text, ...options)
  await spreads(
    'delivered',
    'message:create',
    person,
    readers,
    ({ message: each }) => each.id === message.id && each.content === text && each.author === person.id
  )
  return message
}

async function startNode() {
  const home = folderOf('node')
  const words = [
    'run',
    '--dev',
    '--listen',
    '/ip4/127.0.0.1/tcp/0',
    '--http',
    '127.0.0.1:0',
    '--log-level',
    'warn'
  ]
  const place = { cwd: home, env: environment({}) }
  const node = await stay('the node', 'xcord-node', [...words, '--json'], place, text =>
    text.startsWith('{"type":"node:start"')
  )
  narrator.command('node', ['xcord-node', ...words], node.ms)
  const status = JSON.parse(node.line)
  assert(status.ready, 'the node is ready', status)
  return { ...node, home, id: status.node, address: status.addresses[0] }
}

async function meet() {
  narrator.act('A node that helps, and three people')
  const node = await startNode()
  narrator.holds(`the node is up, process ${node.pid}: it introduces peers to each other and holds no keys`)
  const made = await Promise.all(
    all.map(person => person.types('init', '--name', person.name, '--phrase-file', '24-words.txt'))
  )
  await claim(
    'three identities, each with its own keys; the 24 words of each went into a file',
    async () => {
      for (const person of all) person.id = (await person.asks('identity', 'show'))[0].identity
      assertEqual(new Set(all.map(({ id }) => id)).size, 3, 'three identities differ')
      assertEqual(
        made.map(({ code }) => code),
        [0, 0, 0],
        'three identities are made'
      )
    },
    { showTime: false }
  )
  await Promise.all(all.map(person => person.goesOnline(node.address)))
  await Promise.all(all.map(person => person.follows()))
  await claim(
    () =>
      `three daemons, processes ${all.map(({ daemon }) => daemon.pid).join(', ')}; each has found the node`,
    () =>
      Promise.all(
        all.map(person =>
          eventually(`${person.name} is connected to the node`, async () => {
            const peers = await person.asks('peers')
            return { met: peers.some(({ peer }) => peer === node.id), seen: JSON.stringify(peers) }
          })
        )
      )
  )
  return node
}

/** Asks everyone the same until all answers fit. */
const everyone = (what, words, judge, people = all) =>
  Promise.all(
    people.map(person =>
      eventually(`${person.name}: ${what}`, async () => {
        const value = await person.asks(...words)
        return { met: judge(value), value, seen: JSON.stringify(value).slice(0, 1_000) }
      })
    )
  )

async function found() {
  narrator.act('Ada founds a server and invites')
  narrator.said(
    (
      await ada.types(
        'server',
        'create',
        'Difference Engine',
        '--channel',
        'general',
        '--channel',
        'workshop'
      )
    ).stdout
  )
  narrator.said(
    (await ada.types('channel', 'create', canary.channel, '--topic', 'a planted name, looked for at the end'))
      .stdout
  )
  const invite = await ada.types('invite', 'create')
  const link = invite.stdout.trim()
  narrator.said(`${link.slice(0, 60)}…`)
  for (const person of [grace, alan]) narrator.said((await person.types('server', 'join', link)).stdout)
  await claim('all three see three members and the same three channels', async () => {
    await everyone('three members', ['member', 'list'], members => members.length === 3)
    const expected = ['general', 'workshop', canary.channel].sort()
    await everyone(
      'three channels',
      ['channel', 'list'],
      channels => JSON.stringify(channels.map(({ name }) => name).sort()) === JSON.stringify(expected)
    )
  })
  await claim(hash => `all three compute the same state of the server: ${hash.slice(0, 16)}…`, sameState)
}

/** Waits until three peers agree on what the server is. */
const sameState = () =>
  eventually('the state hashes are equal', async () => {
    const hashes = await Promise.all(
      all.map(async person => (await person.asks('server', 'show'))[0].stateHash)
    )
    return { met: new Set(hashes).size === 1, value: hashes[0], seen: hashes.join(', ') }
  })

async function chat() {
  narrator.act('They chat, both ways')
  const hello = await chats(ada, '#general', 'Welcome! The engine is ours: it runs on our own machines.', [
    grace,
    alan
  ])
  await chats(grace, '#general', 'Then nobody can switch it off.', [ada, alan], '--reply', short(hello.id))
  await chats(alan, '#workshop', 'Can machines think? Asking here, so that nobody else hears.', [ada, grace])
  await chats(ada, `#${canary.channel}`, canary.message, [grace, alan])
  await alan.types('message', 'react', short(hello.id), '🎉')
  await spreads(
    'seen',
    'reaction:add',
    alan,
    [ada, grace],
    ({ message, user }) => message.id === hello.id && user === alan.id
  )
  await talkAtOnce()
}

/** Several commands of three people at the same time. */
async function talkAtOnce() {
  const texts = ['Steam or brass?', 'Punched cards, please.']
  const said = await Promise.all(
    all.flatMap(person =>
      texts.map(async text => ({ person, message: await person.says('#general', `${person.name}: ${text}`) }))
    )
  )
  const delays = []
  await claim(
    () =>
      `all talk at once: ${said.length} messages, each with both others; half of them after ${ms(middle(delays))}, the last after ${ms(Math.max(...delays))}`,
    async () => {
      for (const { person, message } of said) {
        for (const reader of all.filter(each => each !== person)) {
          const heard = await reader.hears('message:create', each => each.message.id === message.message.id)
          delays.push(heard.at - message.at)
        }
      }
    },
    { showTime: false }
  )
}

const middle = list => [...list].sort((a, b) => a - b)[list.length >> 1]

async function missAndCatchUp(node) {
  narrator.act('Alan goes away, misses messages, comes back')
  const code = await alan.goesOffline()
  await claim(
    `Alan's daemon ended by itself with exit code 0`,
    () => assertEqual(code, 0, 'the daemon ends with exit code 0'),
    { showTime: false }
  )
  await alan.window.ended
  const missed = []
  for (const [person, text] of [
    [ada, 'Where is Alan?'],
    [grace, 'In his tent, counting petals.'],
    [ada, 'He will read this when he is back.']
  ]) {
    missed.push(await person.says('#general', text))
  }
  await claim(
    "Grace and Ada have each other's, and Alan none of them",
    async () => {
      for (const { message } of missed)
        for (const person of [ada, grace])
          await person.hears('message:create', each => each.message.id === message.id)
      const held = new Set(alan.events.map(({ event }) => event.data.message?.id))
      assert(!missed.some(({ message }) => held.has(message.id)), 'Alan has none of them', 'he has')
    },
    { showTime: false }
  )
  await alan.goesOnline(node.address)
  const began = performance.now()
  narrator.command(alan.login, await alan.follows())
  const times = await Promise.all(
    missed.map(
      async ({ message }) =>
        (await alan.hears('message:create', each => each.message.id === message.id)).at - began
    )
  )
  narrator.holds(
    `Alan has all ${missed.length}, the last ${ms(Math.max(...times))} after he looked; his events went on where he had stopped`
  )
}

async function withoutNode(node) {
  narrator.act('The node is taken away; the chat goes on')
  const code = await node.end()
  narrator.command('node', ['kill', '-TERM', String(node.pid)])
  await claim(
    'the node is gone, with exit code 0',
    () => assertEqual(code, 0, 'the node ends with exit code 0'),
    { showTime: false }
  )
  await chats(grace, '#general', 'The node is gone. Anybody here?', [ada, alan])
  await chats(alan, '#general', 'I am.', [ada, grace])
  await chats(ada, '#general', 'So am I.', [grace, alan])
}

async function changeMinds() {
  narrator.act('A message is edited, another deleted')
  const first = await chats(ada, '#general', 'The engine waves algebraical patterns.', [grace, alan])
  await ada.types('message', 'edit', short(first.id), 'The engine weaves algebraical patterns.')
  await spreads(
    'new text, marked as edited',
    'message:update',
    ada,
    [grace, alan],
    ({ message }) =>
      message.id === first.id && message.content.includes('weaves') && message.editedAt !== undefined
  )
  const second = await chats(grace, '#workshop', 'Forget that I said this.', [ada, alan])
  await grace.types('message', 'delete', short(second.id))
  await spreads('deleted', 'message:delete', grace, [ada, alan], ({ message }) => message.id === second.id)
  await claim(
    'nobody holds its text any more',
    async () => {
      for (const person of all) {
        const message = (await person.asks('message', 'list', '#workshop', '--all')).find(
          ({ id }) => id === second.id
        )
        assert(
          message === undefined || (message.deleted === true && message.content === ''),
          `${person.name} holds no text of it`,
          message
        )
      }
    },
    { showTime: false }
  )
}

async function refuse() {
  narrator.act('Who may not, is refused')
  const refused = await alan.tries('channel', 'create', 'secret-plans', '--json')
  const { error } = JSON.parse(refused.stderr.trim().split('\n').at(-1) || '{}')
  await claim(
    `exit code ${DENIED}: ${error?.message} Rule ${error?.details?.rule}; nothing was sent`,
    async () => {
      assertEqual(refused.code, DENIED, `the command ends with exit code ${DENIED}`)
      assertEqual(
        [error.code, error.details.permission],
        ['XCORD_PERMISSION_DENIED', 'ManageChannels'],
        'it names the permission'
      )
      assert(/^[A-Z]{2}\d+$/.test(error.details.rule ?? ''), 'it names the rule', error)
    },
    { showTime: false }
  )
  await ada.types('role', 'create', 'mechanic', '--permission', 'ManageChannels')
  await ada.types('role', 'grant', 'mechanic', '@Alan')
  await claim('Alan has the role', () =>
    everyone(
      'Alan has a role',
      ['member', 'list'],
      members => members.find(({ id }) => id === alan.id)?.roles.length === 1,
      [alan]
    )
  )
  narrator.said((await alan.types('channel', 'create', 'secret-plans')).stdout)
  await claim('now he may, and everyone sees the channel', () =>
    everyone('the new channel', ['channel', 'list'], channels =>
      channels.some(({ name }) => name === 'secret-plans')
    )
  )
}

async function agree() {
  narrator.act('Three copies, one history')
  const channels = ['#general', '#workshop', `#${canary.channel}`]
  narrator.command('each', ['xcord', 'message', 'list', '#general', '--all', '--json'])
  const histories = await claim(
    found =>
      `the histories of all three are equal: ${found.total} messages in ${channels.length} channels, none lost, none twice`,
    () => eventually('the three histories are equal', () => compareHistories(channels))
  )
  await claim(hash => `and so is the state of the server: ${hash.slice(0, 16)}…`, sameState)
  return histories.text
}

async function compareHistories(channels) {
  const histories = await Promise.all(
    all.map(person => Promise.all(channels.map(channel => person.history(channel))))
  )
  const texts = histories.map(each => JSON.stringify(each))
  const ids = histories[0].flat().map(({ id }) => id)
  const sent = new Set(
    all.flatMap(({ events }) =>
      events.filter(({ event }) => event.type === 'message:create').map(({ event }) => event.data.message.id)
    )
  )
  const met = new Set(texts).size === 1 && ids.length === sent.size && new Set(ids).size === ids.length
  const seen = all.map(({ name }, at) => `${name} ${histories[at].flat().length}`).join(', ')
  return {
    met,
    value: { total: ids.length, text: texts[0] },
    seen: `${seen}; sent ${sent.size}; ${texts.map(text => text.slice(0, 600)).join('\n            ')}`
  }
}

async function leave(history, node) {
  narrator.act('The lights go out; what lies on the disks?')
  const codes = await Promise.all(all.map(person => person.goesOffline()))
  await claim(
    'all daemons ended with exit code 0',
    () => assertEqual(codes, [0, 0, 0], 'all daemons end with exit code 0'),
    { showTime: false }
  )
  // The search must be able to find: the history, as the command printed it, holds both.
  const control = folderOf('control')
  writeFileSync(join(control, 'history.json'), history + canary.channel)
  await claim(
    ({ files, bytes }) =>
      `the planted message and channel name are in no file of the three profiles or the node: ${files} files, ${Math.round(bytes / 1024)} kB searched`,
    () => {
      const texts = [canary.message, canary.channel]
      for (const text of texts)
        assert(search(control, [text]).found.length === 1, 'the search finds what is there', text)
      const places = [...all.map(({ home }) => home), node.home].map(place => search(place, texts))
      for (const { found } of places) assertEqual(found, [], 'planted text is in no file')
      assert(
        places.every(({ files }) => files > 0),
        'there are files to search',
        places
      )
      return {
        files: places.reduce((sum, each) => sum + each.files, 0),
        bytes: places.reduce((sum, each) => sum + each.bytes, 0)
      }
    },
    { showTime: false }
  )
}

export async function play() {
  const node = await meet()
  await found()
  await chat()
  await missAndCatchUp(node)
  await withoutNode(node)
  await changeMinds()
  await refuse()
  await leave(await agree(), node)
}
