import type { Command } from 'commander'
import { showChannels, showInvites, showOperation, showServer, showServers } from './show.ts'
import { handOver, settle } from './hand-over.ts'
import { resolveChannel, resolveInvite, resolveServer } from './resolve.ts'
import { confirm, deadlineOf, openApi } from './session.ts'
import { argument, countOf, durationOf, gather, type Options, reasonOf, type Shell, textOf } from './shell.ts'
import { usage } from '../errors/outcome.ts'
import { CHANNEL_KINDS } from '../gateway/routes.ts'
import { safeLine } from '../render/sanitize.ts'
import { writeMemory } from '../profile/memory.ts'

function registerServer(program: Command, { verb }: Shell): void {
  const server = program.command('server').description('communities: create, join, leave')
  verb(
    server
      .command('create <name>')
      .description('create a server; it is yours')
      .option('--channel <name>', 'a text channel (repeat); default: general', gather),
    async (session, args, options) => {
      const api = await openApi(session, 'offline')
      const channels = options['channel'] as readonly string[] | undefined
      const made = await api.call('createServer', {
        body: { name: argument(args, 0), ...(channels === undefined ? {} : { channels: [...channels] }) }
      })
      writeMemory(session.paths.memory, { server: made.id })
      session.output.done(made, () => `Created "${safeLine(made.name)}" (${made.id}).`)
    }
  )
  verb(server.command('list').description('servers of this profile'), async session => {
    const api = await openApi(session, 'offline')
    const { items } = await api.call('listServers')
    session.output.list(
      items,
      showServers,
      'No servers yet: "xcord server create <name>" or "xcord server join <link>".'
    )
  })
  verb(server.command('show [server]').description('one server'), async (session, args) => {
    const api = await openApi(session, 'offline')
    const found = await resolveServer(session, api, args[0])
    session.output.answer(found, () => showServer(found))
  })
  verb(
    server
      .command('join <link>')
      .description('join by invite link; one that asks waits for the answer, or run it again later')
      .option('--message <text>', 'to those who decide, where the link asks'),
    async (session, args, options) => {
      const api = await openApi(session, 'online')
      const timeoutMs = session.settings.timeout
      const message = textOf(options, 'message')
      const link = argument(args, 0).replace(/\s+/g, '')
      const joined = await api.call(
        'joinServer',
        { body: { link, timeoutMs, ...(message === undefined ? {} : { message }) } },
        { signal: deadlineOf(session, timeoutMs + 5_000) }
      )
      writeMemory(session.paths.memory, { server: joined.id })
      session.output.done(
        joined,
        () => `Joined "${safeLine(joined.name)}": ${joined.members} members, ${joined.channels} channels.`
      )
    }
  )
  verb(server.command('leave [server]').description('leave a server'), async (session, args) => {
    const api = await openApi(session, 'online')
    const found = await resolveServer(session, api, args[0])
    await confirm(session, `Leave "${safeLine(found.name)}"?`)
    // Others must be there to be told: afterwards we are nobody to them.
    await handOver(session, api, found.id)
    const done = await api.call('leaveServer', { params: { server: found.id } })
    await settle(session, api)
    session.output.done(done, () => showOperation(`Left "${safeLine(found.name)}".`, done))
  })
}

function registerInvite(program: Command, { verb }: Shell): void {
  const invite = program.command('invite').description('invite links')
  verb(
    invite
      .command('create')
      .description('make a link; whoever holds it may join and read until it is closed')
      .option('--max-uses <count>', 'close it after so many joins')
      .option('--expires <duration>', 'such as 12h or 7d, or "never"; default: 7d')
      .option('--approval', 'admit nobody by the link: who opens it asks, see "xcord invite requests"')
      .option('--reason <text>', 'for the audit log'),
    async (session, _args, options) => {
      const api = await openApi(session, 'online')
      const server = await resolveServer(session, api, textOf(options, 'server'))
      const maxUses = countOf(options, 'maxUses')
      const expiresInMs = textOf(options, 'expires') === 'never' ? null : durationOf(options, 'expires')
      const made = await api.call('createInvite', {
        params: { server: server.id },
        body: {
          ...(maxUses === undefined ? {} : { maxUses }),
          ...(expiresInMs === undefined ? {} : { expiresInMs }),
          ...(options['approval'] === true ? { approval: true } : {}),
          ...reasonOf(options)
        }
      })
      // Only the link, so that it can be copied or piped.
      session.output.answer(made, () => made.link ?? made.id)
      session.output.note(
        made.mode === 'approval'
          ? `Whoever holds this link may ask to join "${safeLine(server.name)}". Who asked: xcord invite requests`
          : `Whoever holds this link may join "${safeLine(server.name)}" and read it until you close it: xcord invite revoke ${made.id.slice(0, 10)}`
      )
      await handOver(session, api, server.id)
    }
  )
  verb(invite.command('list').description('invites of a server'), async (session, _args, options) => {
    const api = await openApi(session, 'offline')
    const server = await resolveServer(session, api, textOf(options, 'server'))
    const { items } = await api.call('listInvites', { params: { server: server.id } })
    session.output.list(items, all => showInvites(all, session.terminal.now()), 'No invites.')
  })
  verb(
    invite
      .command('revoke <invite>')
      .description('close an invite, by id or link')
      .option('--reason <text>', 'for the audit log'),
    async (session, args, options) => {
      const api = await openApi(session, 'online')
      const server = await resolveServer(session, api, textOf(options, 'server'))
      const found = await resolveInvite(api, server, argument(args, 0))
      const done = await api.call('revokeInvite', {
        params: { server: server.id, invite: found.id },
        query: reasonOf(options)
      })
      session.output.done(done, () => showOperation(`Closed invite ${found.id.slice(0, 10)}.`, done))
      await handOver(session, api, server.id)
    }
  )
}

const KINDS = CHANNEL_KINDS

function registerChannelCreation(channel: Command, { verb }: Shell): void {
  verb(
    channel
      .command('create <name>')
      .description('create a channel')
      .option('--kind <kind>', `${KINDS.join(', ')}; default: text`)
      .option('--topic <text>')
      .option('--parent <channel>', 'category it belongs to')
      .option('--slowmode <seconds>', 'wait between two messages of one member')
      .option('--history <mode>', 'who reads what was sent before they came: all, join, or days as 7d')
      .option('--private', 'only for those let in; its name is sealed')
      .option('--allow <role>', 'with --private: role or member let in (repeat)', gather)
      .option('--reason <text>', 'for the audit log'),
    async (session, args, options) => {
      const kind = KINDS.find(each => each === (options['kind'] ?? 'text'))
      if (kind === undefined) throw usage('--kind', `--kind must be one of ${KINDS.join(', ')}`)
      const api = await openApi(session, 'online')
      const server = await resolveServer(session, api, textOf(options, 'server'))
      const parentText = textOf(options, 'parent')
      const parent =
        parentText === undefined ? undefined : await resolveChannel(session, api, parentText, server.id)
      const topic = textOf(options, 'topic')
      const slow = textOf(options, 'slowmode')
      if (slow !== undefined && !/^\d{1,5}$/.test(slow))
        throw usage('--slowmode', '--slowmode must be a number of seconds')
      const viewers = options['allow'] as readonly string[] | undefined
      if (viewers !== undefined && options['private'] !== true)
        throw usage('--allow', '--allow goes with --private; else see "xcord channel permit"')
      const made = await api.call('createChannel', {
        params: { server: server.id },
        body: {
          name: argument(args, 0).replace(/^#/, ''),
          kind,
          ...(topic === undefined ? {} : { topic }),
          ...(slow === undefined ? {} : { slowmodeSeconds: Number(slow) }),
          ...historyOf(options),
          ...(options['private'] === true ? { private: true } : {}),
          ...(viewers === undefined
            ? {}
            : { overwrites: viewers.map(target => ({ target, allow: ['ViewChannel'] })) }),
          ...(parent === undefined ? {} : { parent: parent.id }),
          ...reasonOf(options)
        }
      })
      session.output.done(made, () => `Created ${made.kind} channel "${safeLine(made.name)}".`)
      await handOver(session, api, server.id)
    }
  )
}

/** `--history all`, `join` or `7d`. XCORD_USAGE. */
function historyOf(options: Options): { readonly history?: 'all' | 'join' | { days: number } } {
  const text = textOf(options, 'history')
  if (text === undefined) return {}
  if (text === 'all' || text === 'join') return { history: text }
  const days = /^([1-9]\d{0,4})d$/.exec(text)?.[1]
  if (days === undefined || Number(days) > 36_500)
    throw usage('--history', '--history must be all, join, or days such as 7d')
  return { history: { days: Number(days) } }
}

/** What only some channels have. XCORD_USAGE. */
function limitsOf(options: Options) {
  const limit = textOf(options, 'userLimit') === 'none' ? null : countOf(options, 'userLimit')
  const bitrateKbps = countOf(options, 'bitrate')
  return {
    ...historyOf(options),
    ...(typeof options['nsfw'] === 'boolean' ? { nsfw: options['nsfw'] } : {}),
    ...(limit === undefined ? {} : { userLimit: limit }),
    ...(bitrateKbps === undefined ? {} : { bitrateKbps })
  }
}

function registerChannel(program: Command, shell: Shell): void {
  const { verb } = shell
  const channel = program.command('channel').description('channels of a server')
  registerChannelCreation(channel, shell)
  verb(channel.command('list').description('channels of a server'), async (session, _args, options) => {
    const api = await openApi(session, 'offline')
    const server = await resolveServer(session, api, textOf(options, 'server'))
    const { items } = await api.call('listChannels', { params: { server: server.id } })
    session.output.list(items, showChannels, 'No channels.')
  })
  verb(
    channel
      .command('edit <channel>')
      .description('rename it, set its topic, slow mode and limits')
      .option('--name <name>')
      .option('--topic <text>', 'an empty text removes it')
      .option('--slowmode <seconds>')
      .option(
        '--history <mode>',
        'all, join, or days as 7d; what was sent before keeps what it was sent under'
      )
      .option('--nsfw', 'for adults only')
      .option('--no-nsfw')
      .option('--user-limit <count>', 'of a voice channel: members at once, or "none"')
      .option('--bitrate <kbps>', 'of a voice channel: 8 to 512')
      .option('--reason <text>', 'for the audit log'),
    async (session, args, options) => {
      const name = textOf(options, 'name')
      const topic = textOf(options, 'topic')
      const slow = textOf(options, 'slowmode')
      if (slow !== undefined && !/^\d{1,5}$/.test(slow))
        throw usage('--slowmode', '--slowmode must be a number of seconds')
      const limits = limitsOf(options)
      if (name === undefined && topic === undefined && slow === undefined && Object.keys(limits).length === 0)
        throw usage('channel edit', 'say what to change: --name, --topic, --slowmode …')
      const api = await openApi(session, 'online')
      const found = await resolveChannel(session, api, argument(args, 0), textOf(options, 'server'))
      const done = await api.call('editChannel', {
        params: { channel: found.id },
        body: {
          ...(name === undefined ? {} : { name: name.replace(/^#/, '') }),
          ...(topic === undefined ? {} : { topic: topic === '' ? null : topic }),
          ...(slow === undefined ? {} : { slowmodeSeconds: Number(slow) }),
          ...limits,
          ...reasonOf(options)
        }
      })
      session.output.done(done, () => showOperation(`Edited #${safeLine(found.name)}.`, done))
      await handOver(session, api, found.server)
    }
  )
  verb(
    channel
      .command('delete <channel>')
      .description('delete a channel')
      .option('--reason <text>', 'for the audit log'),
    async (session, args, options) => {
      const api = await openApi(session, 'online')
      const found = await resolveChannel(session, api, argument(args, 0), textOf(options, 'server'))
      await confirm(session, `Delete #${safeLine(found.name)} for everyone?`)
      const done = await api.call('deleteChannel', {
        params: { channel: found.id },
        query: reasonOf(options)
      })
      session.output.done(done, () => showOperation(`Deleted #${safeLine(found.name)}.`, done))
      await handOver(session, api, found.server)
    }
  )
}

/** `server`, `invite`, `channel`. */
export function registerCommunity(program: Command, shell: Shell): void {
  registerServer(program, shell)
  registerInvite(program, shell)
  registerChannel(program, shell)
}
