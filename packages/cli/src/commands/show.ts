/** Shapes as people read them. */
import type {
  AuditJson,
  AutomodJson,
  BanJson,
  ChannelJson,
  DoctorJson,
  ExpressionJson,
  IdentityJson,
  InviteJson,
  MemberJson,
  MessageJson,
  OperationJson,
  PeerJson,
  PolicyJson,
  RoleJson,
  ScheduledEventJson,
  ServerJson,
  StateJson
} from '@xcord/sdk'
import { safeLine, safeText } from '../render/sanitize.ts'
import { fields, shortId, table } from '../render/table.ts'
import { clockTime, dayOf, relativeTime } from '../render/time.ts'

export function showServers(servers: readonly ServerJson[]): string {
  return table(servers, [
    { title: 'id', of: each => shortId(each.id) },
    { title: 'name', of: each => each.name },
    { title: 'members', of: each => String(each.members), align: 'right' },
    { title: 'channels', of: each => String(each.channels), align: 'right' },
    { title: 'unread', of: each => String(each.unread), align: 'right' }
  ])
}

export function showServer(server: ServerJson): string {
  return fields([
    ['name', server.name],
    ['id', server.id],
    ['owner', server.owner],
    ['members', String(server.members)],
    ['channels', String(server.channels)],
    ['unread', String(server.unread)],
    ['state hash', server.stateHash],
    ...(server.verifying === undefined
      ? []
      : [['being verified', `${server.verifying.operations} of ${server.verifying.of} operations`] as const])
  ])
}

export function showChannels(channels: readonly ChannelJson[]): string {
  return table(channels, [
    { title: 'id', of: each => shortId(each.id) },
    { title: 'name', of: each => (each.kind === 'text' ? `#${each.name}` : each.name) },
    { title: 'kind', of: each => each.kind },
    { title: 'unread', of: each => String(each.unread), align: 'right' },
    { title: 'topic', of: each => each.topic ?? '' }
  ])
}

/** Threads with the channel each belongs to. */
export function showThreads(
  threads: readonly ChannelJson[],
  channels: readonly ChannelJson[],
  now: number
): string {
  const nameOf = new Map(channels.map(channel => [channel.id, channel.name]))
  return table(threads, [
    { title: 'id', of: each => shortId(each.id) },
    { title: 'name', of: each => each.name },
    { title: 'in', of: each => `#${nameOf.get(each.parent ?? '') ?? shortId(each.parent ?? '')}` },
    {
      title: 'state',
      of: each =>
        (['private', 'archived', 'locked'] as const).filter(word => each.thread?.[word] === true).join(', ')
    },
    { title: 'unread', of: each => String(each.unread), align: 'right' },
    { title: 'begun', of: each => relativeTime(each.thread?.createdAt ?? '', now) }
  ])
}

export function showRoles(roles: readonly RoleJson[]): string {
  return table(roles, [
    { title: 'id', of: each => shortId(each.id) },
    { title: 'name', of: each => each.name },
    { title: 'position', of: each => String(each.position), align: 'right' },
    { title: 'members', of: each => String(each.members), align: 'right' },
    { title: 'color', of: each => each.color ?? '' },
    { title: 'permissions', of: each => each.permissions.join(', ') }
  ])
}

export function showMembers(members: readonly MemberJson[], roles: readonly RoleJson[], now: number): string {
  const nameOf = new Map(roles.map(role => [role.id, role.name]))
  return table(members, [
    { title: 'id', of: each => shortId(each.id) },
    { title: 'name', of: each => (each.nick === null ? each.name : `${each.nick} (${each.name})`) },
    {
      title: 'here',
      of: each => [...hereOf(each), ...(each.forkedDevices === undefined ? [] : ['device forked'])].join(', ')
    },
    {
      title: 'roles',
      of: each =>
        [...(each.owner ? ['owner'] : []), ...each.roles.map(id => nameOf.get(id) ?? shortId(id))].join(', ')
    },
    { title: 'may not', of: each => limitsOf(each, now).join(', ') },
    { title: 'joined', of: each => relativeTime(each.joinedAt, now) }
  ])
}

/** As they say. That a device is connected to ours is no answer: it would tell of whoever is invisible (ND55). */
function hereOf({ presence }: MemberJson): string[] {
  if (presence === undefined) return []
  return [presence.text === null ? presence.status : `${presence.status}: ${safeLine(presence.text)}`]
}

/** What moderators took from a member for a while. */
function limitsOf({ timeoutUntil, muted, deafened }: MemberJson, now: number): string[] {
  return [
    ...(timeoutUntil !== undefined && Date.parse(timeoutUntil) > now ? [`write until ${timeoutUntil}`] : []),
    ...(muted === true ? ['speak'] : []),
    ...(deafened === true ? ['hear'] : [])
  ]
}

export function showExpressions(all: readonly ExpressionJson[]): string {
  return table(all, [
    { title: 'id', of: each => shortId(each.id) },
    { title: 'name', of: each => `:${each.name}:` },
    { title: 'kind', of: each => each.kind },
    { title: 'type', of: each => each.mediaType }
  ])
}

export function showSchedule(all: readonly ScheduledEventJson[]): string {
  return table(all, [
    { title: 'id', of: each => shortId(each.id) },
    { title: 'name', of: each => each.name },
    { title: 'starts', of: each => each.startsAt },
    { title: 'ends', of: each => each.endsAt ?? '' },
    { title: 'where', of: each => each.location ?? '' },
    { title: 'description', of: each => each.description ?? '' }
  ])
}

export function showPolicy(policy: PolicyJson): string {
  return fields([
    ['invites', policy.invites],
    ['transfer', policy.transferNeedsPhrase ? 'takes the 24 words' : 'any device of the owner']
  ])
}

export function showBans(bans: readonly BanJson[], now: number): string {
  return table(bans, [
    { title: 'id', of: each => shortId(each.id) },
    { title: 'name', of: each => each.name },
    { title: 'banned', of: each => (each.at === null ? '' : relativeTime(each.at, now)) },
    { title: 'reason', of: each => each.reason ?? '' }
  ])
}

export function showAutomod(rules: readonly AutomodJson[]): string {
  return table(rules, [
    { title: 'id', of: each => shortId(each.id) },
    { title: 'name', of: each => each.name },
    { title: 'rule', of: each => (each.max === null ? each.rule : `${each.rule} above ${each.max}`) },
    { title: 'on', of: each => (each.enabled ? 'yes' : 'no') },
    { title: 'words', of: each => each.words.join(', ') }
  ])
}

/** Voided operations say by which rule. */
export function showAudit(entries: readonly AuditJson[], now: number): string {
  return table(entries, [
    { title: 'operation', of: each => shortId(each.operation) },
    { title: 'at', of: each => relativeTime(each.at, now) },
    { title: 'actor', of: each => each.actorName ?? '?' },
    { title: 'action', of: each => each.action },
    { title: 'target', of: each => (each.target === null ? '' : shortId(each.target)) },
    {
      title: 'standing',
      of: each =>
        [
          ...(each.standing === 'effective' ? [] : [`voided by ${each.rule ?? '?'}`]),
          ...(each.forked === true ? ['forked'] : [])
        ].join(', ')
    },
    { title: 'reason', of: each => each.reason ?? '' }
  ])
}

export function showState(state: StateJson): string {
  return fields([
    ['server', state.server],
    ['state hash', state.stateHash],
    ['operations', String(state.operations)],
    ['heads', state.heads.join(' ')],
    ['leaves', state.leaves.join(' ')],
    [
      'forks',
      state.forks.length === 0 ? 'none' : state.forks.map(each => `${each.device} at ${each.seq}`).join(', ')
    ]
  ])
}

export function showInvites(invites: readonly InviteJson[], now: number): string {
  return table(invites, [
    { title: 'id', of: each => shortId(each.id) },
    { title: 'state', of: each => (each.open ? each.mode : 'closed') },
    { title: 'uses', of: each => `${each.uses}${each.maxUses === null ? '' : ` of ${each.maxUses}`}` },
    { title: 'expires', of: each => (each.expiresAt === null ? 'never' : relativeTime(each.expiresAt, now)) },
    { title: 'link', of: each => each.link ?? '(held by its maker)' }
  ])
}

/** How far an own message has come, in words. */
export function deliveryText({ state, holders }: MessageJson['delivery']): string {
  return holders === 0 ? state : `${state}, ${holders} ${holders === 1 ? 'holder' : 'holders'}`
}

/** Day, then a line for each message; further lines of one indented. */
export function showMessages(messages: readonly MessageJson[], me: string): string {
  const lines: string[] = []
  let day = ''
  for (const message of messages) {
    const today = dayOf(message.at)
    if (today !== day) lines.push(`--- ${today} ---`)
    day = today
    const marks = [
      ...(message.editedAt === undefined ? [] : ['edited']),
      ...(message.standing === 'effective' ? [] : [message.standing]),
      ...(message.unverified === true ? ['not verified yet'] : []),
      ...(message.author === me ? [deliveryText(message.delivery)] : [])
    ]
    const text = message.deleted === true ? '(deleted)' : safeText(message.content)
    const head = `${shortId(message.id)}  ${clockTime(message.at)}  ${safeLine(message.authorName)}`
    const reply = message.replyTo === undefined ? '' : ` (reply to ${shortId(message.replyTo)})`
    const body = text.replaceAll('\n', '\n                   ')
    lines.push(`${head}${reply}: ${body}${marks.length === 0 ? '' : `  [${marks.join('; ')}]`}`)
    for (const [at, file] of message.attachments.entries())
      lines.push(
        `                   file ${at + 1}: ${safeLine(file.name)} (${safeLine(file.type)}, ${file.size.toLocaleString('en')} bytes)`
      )
    if (message.reactions.length > 0) {
      lines.push(
        `                   ${message.reactions.map(each => `${safeLine(each.emoji)} ${each.users.length}`).join('  ')}`
      )
    }
  }
  return lines.join('\n')
}

export function showIdentity(identity: IdentityJson): string {
  const devices = identity.devices.map(
    each => `${each.name}${each.current ? ' (this one)' : ''}${each.active ? '' : ' (revoked)'}`
  )
  return fields([
    ['name', identity.name],
    ['identity', identity.identity],
    ['device', identity.device],
    ['devices', devices.join(', ')],
    ['safety number', identity.safetyNumber]
  ])
}

/** What a write became: honest about what may still change. */
export function showOperation(sentence: string, { standing }: OperationJson): string {
  if (standing === 'effective') return sentence
  return `${sentence} (${standing === 'pending' ? 'pending: waits for something it builds on' : 'voided: a stronger operation set it aside'})`
}

export function showPeers(peers: readonly PeerJson[]): string {
  return table(peers, [
    { title: 'peer', of: each => each.peer.slice(0, 16) },
    { title: 'name', of: each => each.name ?? '' },
    { title: 'kind', of: each => each.kind },
    { title: 'path', of: each => each.path },
    {
      title: 'rtt',
      of: each =>
        each.rttMs === null ? '' : `${each.rttMs < 10 ? each.rttMs.toFixed(1) : Math.round(each.rttMs)} ms`,
      align: 'right'
    },
    { title: 'remark', of: each => [each.cause, each.remedy].filter(text => text !== undefined).join(': ') }
  ])
}

export function showDoctor(doctor: DoctorJson): string {
  const checks = doctor.checks.flatMap(each => [
    `${each.ok ? 'ok  ' : 'FAIL'}  ${each.check}: ${safeLine(each.detail)}`,
    ...(each.cause === undefined ? [] : [`      cause: ${safeLine(each.cause)}`]),
    ...(each.remedy === undefined ? [] : [`      what to do: ${safeLine(each.remedy)}`])
  ])
  const addresses =
    doctor.addresses.length === 0 ? '  none' : doctor.addresses.map(each => `  ${safeLine(each)}`).join('\n')
  const peers = doctor.peers.length === 0 ? '  none' : showPeers(doctor.peers).replace(/^/gm, '  ')
  return `${checks.join('\n')}\n\naddresses\n${addresses}\n\npeers\n${peers}`
}
