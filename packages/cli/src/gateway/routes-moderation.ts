/** Routes of moderation: what changes members, roles, channels and the server itself, and the audit log of it. */
import Type from 'typebox'
import { AutomodSchema, BanSchema, DeliverySchema, Id, OperationSchema, StandingSchema } from './schemas.ts'
import { AuditSchema, StateSchema } from './audit-schemas.ts'
import { because, ofChannel, ofServer, reason, text } from './route-parts.ts'
import { input, listOf, route } from './route.ts'

const ofMember = Type.Object({ server: text, member: text })
const ofBan = Type.Object({ server: text, user: text })
const ofRole = Type.Object({ server: text, role: text })
const ofRule = Type.Object({ server: text, rule: text })
const ofOverwrite = Type.Object({ channel: text, target: text })
const names = Type.Optional(Type.Array(text))

/** What a rule of automod looks for: `words`, more than `max` mentions, links to other hosts than `words`. */
const rule = {
  rule: Type.Unsafe<'words' | 'mentions' | 'links'>({ type: 'string', enum: ['words', 'mentions', 'links'] }),
  words: names,
  max: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000 })),
  enabled: Type.Optional(Type.Boolean()),
  exemptRoles: names,
  exemptChannels: names
}

const people = {
  timeoutMember: route({
    method: 'PUT',
    url: '/v1/servers/:server/members/:member/timeout',
    tag: 'members',
    summary: 'Lets a member only read until a time, at most 28 days ahead; null ends it',
    params: ofMember,
    body: input({ until: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]), reason }),
    reply: OperationSchema
  }),
  nickMember: route({
    method: 'PUT',
    url: '/v1/servers/:server/members/:member/nick',
    tag: 'members',
    summary: 'Sets a nickname; null is the name of the profile',
    params: ofMember,
    body: input({ nick: Type.Union([text, Type.Null()]), reason }),
    reply: OperationSchema
  }),
  listBans: route({
    method: 'GET',
    url: '/v1/servers/:server/bans',
    tag: 'members',
    summary: 'Who is banned',
    params: ofServer,
    reply: listOf(BanSchema)
  }),
  unbanUser: route({
    method: 'DELETE',
    url: '/v1/servers/:server/bans/:user',
    tag: 'members',
    summary: 'Lets a banned user join again',
    params: ofBan,
    query: because,
    reply: OperationSchema
  })
}

const roles = {
  editRole: route({
    method: 'PATCH',
    url: '/v1/servers/:server/roles/:role',
    tag: 'roles',
    summary: 'Edits a role: permissions named in allow are set, those in deny cleared, others stay',
    params: ofRole,
    body: input({
      name: Type.Optional(text),
      color: Type.Optional(Type.Union([Type.String({ pattern: '^#[0-9a-fA-F]{6}$' }), Type.Null()])),
      hoist: Type.Optional(Type.Boolean()),
      mentionable: Type.Optional(Type.Boolean()),
      allow: names,
      deny: names,
      reason
    }),
    reply: OperationSchema
  }),
  moveRole: route({
    method: 'PUT',
    url: '/v1/servers/:server/roles/:role/position',
    tag: 'roles',
    summary: 'Moves a role to a place counted from @everyone, which is 0',
    params: ofRole,
    body: input({ position: Type.Integer({ minimum: 1 }), reason }),
    reply: OperationSchema
  }),
  deleteRole: route({
    method: 'DELETE',
    url: '/v1/servers/:server/roles/:role',
    tag: 'roles',
    summary: 'Deletes a role',
    params: ofRole,
    query: because,
    reply: OperationSchema
  })
}

const channels = {
  moveChannel: route({
    method: 'PUT',
    url: '/v1/channels/:channel/place',
    tag: 'channels',
    summary: 'Moves a channel under a category (null: under none) or among its siblings',
    params: ofChannel,
    body: input({
      parent: Type.Optional(Type.Union([text, Type.Null()])),
      position: Type.Optional(Type.Integer({ minimum: 0 })),
      reason
    }),
    reply: OperationSchema
  }),
  permitInChannel: route({
    method: 'PUT',
    url: '/v1/channels/:channel/overwrites/:target',
    tag: 'channels',
    summary: 'Allows, denies or leaves open permissions of a role or member in a channel',
    params: ofOverwrite,
    body: input({ allow: names, deny: names, none: names, reason }),
    reply: Type.Object({
      operation: Id,
      standing: StandingSchema,
      delivery: DeliverySchema,
      target: Id,
      allow: Type.Array(Type.String()),
      deny: Type.Array(Type.String())
    })
  }),
  syncChannel: route({
    method: 'PUT',
    url: '/v1/channels/:channel/sync',
    tag: 'channels',
    summary: "Reads the category's overwrites in place of the channel's own; off, they are copied",
    params: ofChannel,
    body: input({ synced: Type.Boolean(), reason }),
    reply: OperationSchema
  })
}

const server = {
  editServer: route({
    method: 'PATCH',
    url: '/v1/servers/:server',
    tag: 'servers',
    summary: "Edits name, description, the addresses of the community's own nodes, and where the idle go",
    params: ofServer,
    body: input({
      name: Type.Optional(text),
      description: Type.Optional(Type.Union([Type.String(), Type.Null()])),
      nodes: Type.Optional(Type.Array(text, { maxItems: 16 })),
      afkChannel: Type.Optional(Type.Union([text, Type.Null()])),
      afkSeconds: Type.Optional(Type.Integer({ minimum: 60, maximum: 86_400 })),
      reason
    }),
    reply: OperationSchema
  }),
  giveConsent: route({
    method: 'POST',
    url: '/v1/servers/:server/consent',
    tag: 'servers',
    summary: "This identity's consent to own the server, for its present owner",
    params: ofServer,
    reply: Type.Object({ server: Id, consent: Type.String() })
  }),
  transferServer: route({
    method: 'POST',
    url: '/v1/servers/:server/transfer',
    tag: 'servers',
    summary: 'Hands the server over; the phrase is used once and kept nowhere',
    params: ofServer,
    body: input({ member: text, consent: text, phrase: Type.Optional(text), reason }),
    reply: OperationSchema
  }),
  getState: route({
    method: 'GET',
    url: '/v1/servers/:server/state',
    tag: 'servers',
    summary: 'Heads, state hash and forks of the operations held here',
    params: ofServer,
    reply: StateSchema
  }),
  listAudit: route({
    method: 'GET',
    url: '/v1/servers/:server/audit',
    tag: 'servers',
    summary: 'The audit log, newest first: the operations themselves, voided ones too',
    params: ofServer,
    query: input({
      actor: Type.Optional(text),
      action: Type.Optional(text),
      target: Type.Optional(text),
      since: Type.Optional(Type.String({ format: 'date-time' })),
      until: Type.Optional(Type.String({ format: 'date-time' })),
      standing: Type.Optional(
        Type.Unsafe<'effective' | 'voided'>({ type: 'string', enum: ['effective', 'voided'] })
      ),
      after: Type.Optional(text),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 }))
    }),
    reply: Type.Object({ items: Type.Array(AuditSchema), next: Type.Union([Id, Type.Null()]) })
  }),
  listAutomod: route({
    method: 'GET',
    url: '/v1/servers/:server/automod',
    tag: 'servers',
    summary: 'Rules of automod',
    params: ofServer,
    reply: listOf(AutomodSchema)
  }),
  createAutomod: route({
    method: 'POST',
    url: '/v1/servers/:server/automod',
    tag: 'servers',
    summary: 'Makes a rule of automod',
    status: 201,
    params: ofServer,
    body: input({ name: text, ...rule, reason }),
    reply: AutomodSchema
  }),
  editAutomod: route({
    method: 'PUT',
    url: '/v1/servers/:server/automod/:rule',
    tag: 'servers',
    summary: 'Replaces a rule of automod',
    params: ofRule,
    body: input({ name: text, ...rule, reason }),
    reply: OperationSchema
  }),
  removeAutomod: route({
    method: 'DELETE',
    url: '/v1/servers/:server/automod/:rule',
    tag: 'servers',
    summary: 'Removes a rule of automod',
    params: ofRule,
    query: because,
    reply: OperationSchema
  })
}

export const moderation = { ...people, ...roles, ...channels, ...server }
