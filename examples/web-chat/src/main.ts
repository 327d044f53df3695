/** The page: opens a profile in this browser, joins or makes a server, and shows its text channel and its lounge. */
import { type Client, createClient, indexedDb, type Server } from '@xcord/sdk/browser'
import { showLounge } from './lounge.ts'

const at = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T
const say = (text: string): void => void (at('status').textContent = text)

/** Runs what a form or button asks for; what goes wrong is shown. */
async function attempt(run: () => Promise<void>): Promise<void> {
  at('error').textContent = ''
  try {
    await run()
  } catch (error) {
    at('error').textContent = error instanceof Error ? error.message : String(error)
  }
}

function onForm(id: string, run: (value: (name: string) => string) => Promise<void>): void {
  const form = at<HTMLFormElement>(id)
  form.addEventListener('submit', event => {
    event.preventDefault()
    const values = new FormData(form)
    form.reset()
    void attempt(async () => await run(name => values.get(name) as string))
  })
}

function show(client: Client, server: Server): void {
  const channel = server.channel('general')
  const draw = (): void => {
    const lines = channel.messages.getSnapshot().map(({ author, content }) => {
      const line = document.createElement('li')
      line.textContent = `${author.name}: ${content}`
      return line
    })
    at('messages').replaceChildren(...lines)
    at('messages').scrollTop = at('messages').scrollHeight
  }
  channel.messages.subscribe(draw)
  draw()
  const count = (): void => {
    const paths = client.peers().flatMap(({ kind, path }) => (kind === 'member' ? [path] : []))
    say(`${client.identity.name} in ${server.name}. Members connected: ${paths.join(', ') || 'none'}.`)
  }
  client.on('connection:update', count)
  client.on('member:join', draw)
  count()
  at('lobby').hidden = true
  at('chat').hidden = false
  onForm('send', async value => void (await channel.send(value('text'))))
  at('invite').onclick = () =>
    void attempt(async () => void (at('link').textContent = (await server.invites.create()).link ?? ''))
  const lounge = (): boolean => {
    const channel = server.channels.get('lounge')
    at('lounge').hidden = channel === undefined
    if (channel === undefined) return false
    const view = { people: at('people'), talk: at('talk'), mute: at('mute'), code: at('code') }
    showLounge(client, channel, view, attempt)
    return true
  }
  if (lounge()) return
  // A newcomer may see it a moment later.
  const off = client.on('channel:create', () => {
    if (lounge()) off()
  })
}

onForm('open', async value => {
  const name = value('name')
  say('Opening…')
  const node = (await (await fetch('/node.json')).json()) as readonly string[]
  const store = indexedDb(name, { password: value('password') })
  const client = await createClient({ profile: { name }, store, bootstrap: node })
  client.on('error', ({ error }) => void (at('error').textContent = String(error)))
  at('open').hidden = true
  const [server] = client.servers.all
  if (server !== undefined) return show(client, server)
  say('Join a server, or make one.')
  at('lobby').hidden = false
  onForm('join', async link => show(client, await client.servers.join(link('link'))))
  onForm('create', async of => {
    const made = await client.servers.create({ name: of('name') })
    await made.channels.create({ kind: 'voice', name: 'lounge' })
    show(client, made)
  })
})
