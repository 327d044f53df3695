/** What must hold once nothing goes wrong any more: everybody sees the same, and every promise was kept. */
import { type ChannelId, type UserId } from '../../base/index.ts'
import type { Replica } from '../../node/index.ts'
import type { Message } from '../../timeline/index.ts'
import { type Community, keysOf } from './community.ts'
import type { SimulatedPeer } from './peer.ts'

const PAGE = 100
const shortOf = (id: string): string => id.slice(0, 9)
const hexOf = (bytes: Uint8Array): string =>
  Array.from(bytes.subarray(0, 6), byte => byte.toString(16).padStart(2, '0')).join('')

/** Every message of a channel that this peer shows, tombstones included, oldest first. */
async function messagesOf(replica: Replica, channel: ChannelId): Promise<readonly Message[]> {
  const all: Message[] = []
  for (;;) {
    const before = all[0]?.id
    const page = await replica.page(channel, { limit: PAGE, ...(before === undefined ? {} : { before }) })
    all.unshift(...page.messages)
    if (!page.hasEarlier || page.messages.length === 0) return all
  }
}

/** What people see of a message, as one line. */
function lineOf({ id, status, content, reactions }: Message): string {
  const faces = reactions
    .map(({ emoji, users }) => `${emoji}${[...users].sort().map(shortOf).join('+')}`)
    .sort()
  return `${shortOf(id)} ${status} ${JSON.stringify(content)} ${faces.join(' ')}`.trim()
}

/** Those who are in by the word of somebody who is. */
function membersOf(community: Community): {
  readonly word: SimulatedPeer
  readonly inside: readonly SimulatedPeer[]
} {
  // The founder is never put out.
  const word = community.members[0] as SimulatedPeer
  const state = community.replica(word).state()
  const inside = community.members.filter(
    each => state.member(each.account.user)?.status === 'in' && !community.liars.has(each)
  )
  return { word, inside }
}

/** How the views of its members differ, in words; empty where they do not. */
export async function differences(community: Community): Promise<readonly string[]> {
  const founder = community.members[0] as SimulatedPeer
  const late = community.members.filter(each => !each.up && !community.liars.has(each))
  if (late.length > 0) return [`${community.name}: not up: ${late.map(each => each.name).join(', ')}`]
  if (!community.isIn(founder)) return [`${community.name}: ${founder.name} is not in its own server`]
  const { word, inside } = membersOf(community)
  const outside = inside.filter(each => !community.isIn(each))
  if (outside.length > 0)
    return outside.map(each => `${community.name}: ${each.name} does not know that it is a member`)
  const told = community.replica(word).heads()
  const found: string[] = []
  for (const peer of inside) {
    const heads = community.replica(peer).heads()
    const [own, other] = [hexOf(heads.stateHash), hexOf(told.stateHash)]
    if (heads.operations !== told.operations || own !== other)
      found.push(
        `${community.name}: ${peer.name} has ${heads.operations} operations and state ${own}, ${word.name} ${told.operations} and ${other}`
      )
  }
  if (found.length > 0) return found
  for (const { id: channel } of community.replica(word).state().channels())
    found.push(...(await channelDifferences(community, channel, word, inside)))
  return found
}

async function channelDifferences(
  community: Community,
  channel: ChannelId,
  word: SimulatedPeer,
  inside: readonly SimulatedPeer[]
): Promise<readonly string[]> {
  const expected = (await messagesOf(community.replica(word), channel)).map(lineOf)
  const found: string[] = []
  for (const peer of inside) {
    if (peer === word) continue
    const lines = (await messagesOf(community.replica(peer), channel)).map(lineOf)
    if (lines.join('\n') === expected.join('\n')) continue
    const missing = expected.filter(line => !lines.includes(line))
    const extra = lines.filter(line => !expected.includes(line))
    found.push(
      `${community.name}: ${peer.name} differs from ${word.name} in ${shortOf(channel)}: lacks ${list(missing)}; has ${list(extra)}${missing.length + extra.length === 0 ? '; the order differs' : ''}`
    )
  }
  return found
}

function list(lines: readonly string[]): string {
  const more = lines.length > 3 ? ` and ${lines.length - 3} more` : ''
  return lines.length === 0 ? 'nothing' : `${lines.slice(0, 3).join(' | ')}${more}`
}

/** Promises that were broken, in words: messages that were reported as stored and are nowhere any more. */
export async function brokenPromises(
  community: Community,
  copied: ReadonlySet<SimulatedPeer>
): Promise<readonly string[]> {
  const { word, inside } = membersOf(community)
  // A device that ran twice may have signed two messages for one place, of which one stands; who was out, had to expect
  // that what was written at the same time is set aside.
  const forked = new Set([...copied].map(each => each.account.user))
  const found: string[] = []
  for (const { id, channel, by, content } of community.promised) {
    const { user } = by.account
    if (forked.has(user) || community.everOut.has(user) || community.liars.has(by)) continue
    for (const peer of new Set([by, word])) {
      if (!inside.includes(peer)) continue
      if ((await community.replica(peer).message(channel, id)) === undefined)
        found.push(
          `${community.name}: ${by.name} was told that ${JSON.stringify(content)} (${shortOf(id)}) is stored, and ${peer.name} does not have it`
        )
    }
  }
  return found
}

/** What those who are out can read though they must not, in words. */
export async function leaks(community: Community): Promise<readonly string[]> {
  const { word } = membersOf(community)
  const state = community.replica(word).state()
  const found: string[] = []
  for (const peer of community.members) {
    const { user } = peer.account
    const last = community.lastReplica(peer)
    const mayRead = community.cameBack.has(user) || community.left.has(user)
    if (state.member(user)?.status === 'in' || mayRead || last === undefined) continue
    for (const { id, channel, notFor, content, by } of community.promised) {
      // Who learnt that it is out while it wrote reads its own words all the same.
      if (!notFor.has(user) || by.account.user === user) continue
      // Its store may be closed with its server: then there is nothing to read either.
      const read = await last.message(channel, id).catch(() => undefined)
      if (read !== undefined && read.message.content !== '')
        found.push(`${community.name}: ${peer.name} is out, and reads ${JSON.stringify(content)}`)
    }
    found.push(
      ...openKeys(community, word, user, last).map(line => `${community.name}: ${peer.name} ${line}`)
    )
  }
  return found
}

/** Keys in force that somebody who is out holds opened. */
function openKeys(community: Community, word: SimulatedPeer, user: UserId, last: Replica): readonly string[] {
  const ring = keysOf(community.replica(word))
  const opened = new Set(
    keysOf(last)
      .keys()
      .filter(each => each.opened)
      .map(each => each.keyId)
  )
  const now = community.replica(word).now()
  return community
    .replica(word)
    .state()
    .channels()
    .flatMap(({ id: channel }) => {
      const key = ring.chooseEpoch(channel, now)
      return key !== undefined && opened.has(key)
        ? [`(${shortOf(user)}) is out, and holds the key in force in ${shortOf(channel)}`]
        : []
    })
}

/** What is wrong with profiles on disk (ND41), in words: no crash and no fault may leave anything behind. */
export async function damages(peers: readonly SimulatedPeer[]): Promise<readonly string[]> {
  const found: string[] = []
  for (const peer of peers) {
    const { problems } = await peer.verify()
    for (const { code, detail } of problems.slice(0, 3)) found.push(`${peer.name}: ${code}: ${detail}`)
  }
  return found
}

/** Devices held to have signed twice for one place though they never ran twice: a crash must not make one. */
export function falseForks(community: Community, copied: ReadonlySet<SimulatedPeer>): readonly string[] {
  const { word } = membersOf(community)
  const known = new Set<string>([...copied].map(each => each.account.device.device))
  return community
    .replica(word)
    .equivocations()
    .filter(each => !known.has(each.device))
    .map(
      each => `${community.name}: ${shortOf(each.device)} signed twice for one place, and was never copied`
    )
}
