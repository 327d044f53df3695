/** What people do in a simulated server, each by the member's own node. */
import type { ChannelId } from '../../base/index.ts'
import type { Intent } from '../../node/index.ts'
import type { Message } from '../../timeline/index.ts'
import type { Community } from './community.ts'
import type { SimulatedPeer } from './peer.ts'
import type { Seeded } from './seeded.ts'
import type { StepKind } from './storm.ts'

/** One act: who, towards whom, and the chance of its own. */
export interface Act {
  readonly community: Community
  readonly peer: SimulatedPeer
  readonly other: SimulatedPeer
  readonly chance: Seeded
  readonly index: number
}

const FLOOD_MESSAGES = 60
const DAYS_MS = 2 * 86_400_000
/** Of each community this share stays, so that there is somebody to compare. */
const MAY_GO_SHARE = 0.4

function channelOf({ community, peer, chance }: Act): ChannelId {
  const channels = community.replica(peer).state().channels()
  return chance.pick(channels.map(each => each.id))
}

async function messageOf(act: Act, own: boolean): Promise<Message | undefined> {
  const replica = act.community.replica(act.peer)
  const { messages } = await replica.page(channelOf(act), { limit: 20, skipDeleted: true })
  const found = messages.filter(each => !own || each.author === act.peer.account.user)
  return found.length === 0 ? undefined : act.chance.pick(found)
}

async function operate({ community, peer }: Act, intent: Intent): Promise<void> {
  await community.replica(peer).operate(intent, null)
}

/** Whether somebody else may still be put out. */
function mayGo({ community, other }: Act): boolean {
  const limit = Math.floor(community.members.length * MAY_GO_SHARE)
  return (
    other !== community.members[0] &&
    (community.everOut.has(other.account.user) || community.everOut.size < limit)
  )
}

async function putOut(act: Act, kind: 'member:kick' | 'member:ban'): Promise<void> {
  if (!mayGo(act)) return
  const { user } = act.other.account
  act.community.everOut.add(user)
  await operate(act, { kind, user })
}

async function changeRole(act: Act, kind: 'role:grant' | 'role:revoke'): Promise<void> {
  const { peer, other, community } = act
  const roles = community.replica(peer).state().roles().slice(0, -1)
  if (roles.length === 0) return
  await operate(act, { kind, role: act.chance.pick(roles).id, user: other.account.user })
}

async function leave(act: Act): Promise<void> {
  const { community, peer } = act
  if (!mayGo({ ...act, other: peer })) return
  community.everOut.add(peer.account.user)
  community.left.add(peer.account.user)
  await community.replica(peer).leave()
}

async function comeBack({ community, other }: Act): Promise<void> {
  const { user } = other.account
  if (!community.everOut.has(user) || !other.up || community.isIn(other)) return
  community.cameBack.add(user)
  await other.node.join(community.link, { timeoutMs: 30_000 })
}

async function backDate(act: Act): Promise<void> {
  const { peer, community, index } = act
  const before = peer.skewMs
  peer.skewMs = before - DAYS_MS
  try {
    await community.send(peer, channelOf(act), `back-dated ${index}`)
  } finally {
    peer.skewMs = before
  }
}

async function flood(act: Act): Promise<void> {
  const channel = channelOf(act)
  await Promise.all(
    Array.from({ length: FLOOD_MESSAGES }, async (_, count) => {
      await act.community.send(act.peer, channel, `flood ${act.index}.${count}`)
    })
  )
}

type ActionKind = Extract<StepKind, keyof typeof RUN>

const RUN = {
  send: async (act: Act) => await act.community.send(act.peer, channelOf(act), `message ${act.index}`),
  edit: async (act: Act) => {
    const found = await messageOf(act, true)
    if (found !== undefined)
      await act.community.replica(act.peer).edit(found.channel, found.id, `edited ${act.index}`)
  },
  remove: async (act: Act) => {
    const found = await messageOf(act, true)
    if (found !== undefined) await act.community.replica(act.peer).remove(found.channel, found.id)
  },
  react: async (act: Act) => {
    const found = await messageOf(act, false)
    if (found === undefined) return
    const on = act.chance.chance(0.8)
    await act.community
      .replica(act.peer)
      .react(found.channel, found.id, act.chance.pick(['👍', '🎉', '👀']), on)
  },
  channel: async (act: Act) =>
    await operate(act, {
      kind: 'channel:create',
      channelKind: 'text',
      name: `channel-${act.index}`,
      topic: null,
      parent: null
    }),
  role: async (act: Act) =>
    await operate(act, { kind: 'role:create', name: `role ${act.index}`, permissions: [], color: 0 }),
  grant: async (act: Act) => await changeRole(act, 'role:grant'),
  revoke: async (act: Act) => await changeRole(act, 'role:revoke'),
  kick: async (act: Act) => await putOut(act, 'member:kick'),
  ban: async (act: Act) => await putOut(act, 'member:ban'),
  leave,
  'come-back': comeBack,
  flood,
  'back-date': backDate
} as const

/** Whether a step is something people do. */
export function isAction(kind: StepKind): kind is ActionKind {
  return Object.hasOwn(RUN, kind)
}

/** Does it. @throws as the node does, where it may not be done now. */
export async function perform(kind: ActionKind, act: Act): Promise<void> {
  await RUN[kind](act)
}
