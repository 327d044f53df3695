/** Routes of moderation as calls of the SDK. */
import { parseId, XcordError } from '@xcord/core'
import type { AutomodInit, AutomodRule, Channel, Server } from '@xcord/sdk'
import { findChannel, findMember, findRole, findServer } from './find.ts'
import type { Handlers } from './handlers.ts'
import type { moderation } from './routes-moderation.ts'

const because = (reason: string | undefined) => (reason === undefined ? {} : { reason })

function userId(text: string) {
  const id = parseId('u', text)
  if (id === undefined)
    throw new XcordError('XCORD_MEMBER_NOT_FOUND', `"${text}" is not the id of a user`, { member: text })
  return id
}

function findRule(server: Server, text: string): AutomodRule {
  const found = server.automod.get(text)
  if (found === undefined)
    throw new XcordError('XCORD_USAGE', `"${server.name}" has no rule of automod "${text}"`, {
      argument: text
    })
  return found
}

/** A role by id or name, else a member. */
function findTarget(channel: Channel, text: string) {
  const role = channel.server.roles.get(text)
  return role ?? findMember(channel.server, text)
}

interface RuleBody {
  readonly name: string
  readonly rule: 'words' | 'mentions' | 'links'
  readonly words?: readonly string[]
  readonly max?: number
  readonly enabled?: boolean
  readonly exemptRoles?: readonly string[]
  readonly exemptChannels?: readonly string[]
}

function automodInit(server: Server, body: RuleBody): AutomodInit {
  const { name, rule, words = [], max = 5, enabled = true, exemptRoles = [], exemptChannels = [] } = body
  const trigger: AutomodInit['trigger'] =
    rule === 'words'
      ? { kind: rule, words }
      : rule === 'mentions'
        ? { kind: rule, max }
        : { kind: rule, allow: words }
  return {
    name,
    enabled,
    trigger,
    exemptRoles: exemptRoles.map(each => findRole(server, each)),
    exemptChannels: exemptChannels.map(each => server.channel(each))
  }
}

export const moderationHandlers: Handlers<keyof typeof moderation> = {
  timeoutMember: async ({ context: { client } }, { params, body }) => {
    const member = findMember(findServer(client, params.server), params.member)
    return (
      await member.timeout(body.until === null ? null : new Date(body.until), because(body.reason))
    ).toJSON()
  },
  nickMember: async ({ context: { client } }, { params, body }) => {
    const member = findMember(findServer(client, params.server), params.member)
    return (await member.setNick(body.nick, because(body.reason))).toJSON()
  },
  listBans: async ({ context: { client } }, { params }) => ({
    items: [...(await findServer(client, params.server).bans.list())]
  }),
  unbanUser: async ({ context: { client } }, { params, query }) =>
    (
      await findServer(client, params.server).bans.remove(userId(params.user), because(query.reason))
    ).toJSON(),
  editRole: async ({ context: { client } }, { params, body: { reason, ...changes } }) =>
    (await findRole(findServer(client, params.server), params.role).edit(changes, because(reason))).toJSON(),
  moveRole: async ({ context: { client } }, { params, body }) =>
    (
      await findRole(findServer(client, params.server), params.role).move(body.position, because(body.reason))
    ).toJSON(),
  deleteRole: async ({ context: { client } }, { params, query }) =>
    (await findRole(findServer(client, params.server), params.role).delete(because(query.reason))).toJSON(),
  moveChannel: async ({ context: { client } }, { params, body: { reason, parent, position } }) => {
    const channel = findChannel(client, params.channel)
    const place = {
      ...(parent === undefined ? {} : { parent: parent === null ? null : findChannel(client, parent) }),
      ...(position === undefined ? {} : { position })
    }
    return (await channel.move(place, because(reason))).toJSON()
  },
  permitInChannel: async ({ context: { client } }, { params, body: { reason, ...change } }) => {
    const channel = findChannel(client, params.channel)
    const target = findTarget(channel, params.target)
    const done = (await channel.permit(target, change, because(reason))).toJSON()
    const now = channel.overwrites.find(each => each.target === target.id)
    return { ...done, target: target.id, allow: [...(now?.allow ?? [])], deny: [...(now?.deny ?? [])] }
  },
  syncChannel: async ({ context: { client } }, { params, body }) =>
    (await findChannel(client, params.channel).sync(body.synced, because(body.reason))).toJSON(),
  editServer: async ({ context: { client } }, { params, body: { reason, afkChannel, ...changes } }) => {
    const afk = typeof afkChannel === 'string' ? findChannel(client, afkChannel).id : afkChannel
    const all = { ...changes, ...(afk === undefined ? {} : { afkChannel: afk }) }
    return (await findServer(client, params.server).edit(all, because(reason))).toJSON()
  },
  giveConsent: ({ context: { client } }, { params }) => {
    const server = findServer(client, params.server)
    return { server: server.id, consent: server.consent() }
  },
  transferServer: async ({ context: { client } }, { params, body: { member, reason, ...options } }) => {
    const server = findServer(client, params.server)
    return (await server.transfer(findMember(server, member), { ...options, ...because(reason) })).toJSON()
  },
  getState: ({ context: { client } }, { params }) => findServer(client, params.server).heads(),
  listAudit: async ({ context: { client } }, { params, query }) => {
    const { actor, since, until, after, ...rest } = query
    const from = after === undefined ? undefined : parseId('o', after)
    if (after !== undefined && from === undefined)
      throw new XcordError('XCORD_USAGE', `"${after}" is not the id of an operation`, { argument: 'after' })
    const page = await findServer(client, params.server).audit({
      ...rest,
      ...(actor === undefined ? {} : { actor: userId(actor) }),
      ...(since === undefined ? {} : { since: new Date(since) }),
      ...(until === undefined ? {} : { until: new Date(until) }),
      ...(from === undefined ? {} : { after: from })
    })
    return { items: [...page.items], next: page.next }
  },
  listAutomod: ({ context: { client } }, { params }) => ({
    items: findServer(client, params.server).automod.all.map(each => each.toJSON())
  }),
  createAutomod: async ({ context: { client } }, { params, body: { reason, ...body } }) => {
    const server = findServer(client, params.server)
    return (await server.automod.create(automodInit(server, body), because(reason))).toJSON()
  },
  editAutomod: async ({ context: { client } }, { params, body: { reason, ...body } }) => {
    const server = findServer(client, params.server)
    return (await findRule(server, params.rule).edit(automodInit(server, body), because(reason))).toJSON()
  },
  removeAutomod: async ({ context: { client } }, { params, query }) =>
    (await findRule(findServer(client, params.server), params.rule).remove(because(query.reason))).toJSON()
}
