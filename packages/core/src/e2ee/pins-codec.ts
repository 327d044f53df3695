/** Pins as they are stored, inside values that the database seals (EK20, KS7). */
import { accept, type ChannelId, refuse, type Verdict } from '../base/index.ts'
import type { Loss } from '../authority/index.ts'
import { array, bool, codec, type Infer, literal, nullable, text, tuple, uint } from '../encoding/index.ts'
import { idSchema } from './body.ts'
import type { AuthorFacts, RecordStanding, RingPins } from './contract.ts'
import { CHANNELS_PINNED_MAX, LOSSES_PINNED_MAX } from './limits.ts'

const WAITING = 0
const VALID = 1
const INVALID = 2

const frontier = array(idSchema('o'), 16, 1)
const record = tuple({
  id: idSchema('k'),
  standing: uint(INVALID),
  reason: text(256),
  facts: nullable(
    tuple({
      lamport: uint(),
      known: bool,
      open: bool,
      chain: array(idSchema('c'), 8),
      mine: bool,
      /** Which of the lists of channels; they are shared by many. */
      views: uint(),
      outdated: array(idSchema('e'), 640)
    })
  )
})
const loss = tuple({
  operation: idSchema('o'),
  lamport: uint(),
  user: nullable(idSchema('u')),
  role: nullable(idSchema('r')),
  channel: nullable(idSchema('c')),
  invite: nullable(idSchema('i'))
})
const item = codec(
  tuple({
    version: literal(1),
    heads: nullable(frontier),
    record: nullable(record),
    lost: nullable(tuple({ frontier, losses: array(loss, LOSSES_PINNED_MAX) })),
    views: nullable(array(idSchema('c'), CHANNELS_PINNED_MAX))
  }),
  { rule: 'EK20' }
)
const NOTHING = { version: 1, heads: null, record: null, lost: null, views: null } as const

function readStanding({ standing, reason }: Infer<typeof record>): RecordStanding | undefined {
  if (standing === WAITING) return undefined
  return standing === VALID ? { kind: 'valid' } : { kind: 'invalid', rule: 'EK12', reason }
}

/** undefined where none were kept, null where they do not hold together. */
function readFacts(
  said: Infer<typeof record>['facts'],
  lists: readonly (readonly ChannelId[])[]
): AuthorFacts | undefined | null {
  if (said === null) return undefined
  const { lamport, known, open, chain, mine, outdated } = said
  const views = lists[said.views]
  return views === undefined ? null : { lamport, channel: { known, open, chain }, mine, views, outdated }
}

/** What a loss took is kept, of the users it took it from one. */
function writeLoss({ operation, lamport, users, role, channel, invite }: Loss): Infer<typeof loss> {
  return {
    operation,
    lamport,
    user: users[0] ?? null,
    role: role ?? null,
    channel: channel ?? null,
    invite: invite ?? null
  }
}

function readLoss({ operation, lamport, user, role, channel, invite }: Infer<typeof loss>): Loss {
  return {
    operation,
    lamport,
    users: user === null ? [] : [user],
    ...(role === null ? {} : { role }),
    ...(channel === null ? {} : { channel }),
    ...(invite === null ? {} : { invite })
  }
}

/** Pieces of at most 200 kB, in order. */
export function encodePins(pins: RingPins): readonly Uint8Array[] {
  const out = [item.encode({ ...NOTHING, heads: pins.heads })]
  const lists = new Map<string, number>()
  for (const { id, standing, facts } of pins.records) {
    // Too many to keep: asked of the operations themselves.
    const kept = facts !== undefined && facts.views.length <= CHANNELS_PINNED_MAX ? facts : undefined
    const kind = standing === undefined ? WAITING : standing.kind === 'valid' ? VALID : INVALID
    const reason = standing?.kind === 'invalid' ? standing.reason : ''
    const key = kept?.views.join() ?? ''
    if (kept !== undefined && !lists.has(key)) {
      lists.set(key, lists.size)
      out.push(item.encode({ ...NOTHING, views: kept.views }))
    }
    const known = kept && {
      ...kept.channel,
      lamport: kept.lamport,
      mine: kept.mine,
      views: lists.get(key) as number,
      outdated: kept.outdated
    }
    out.push(item.encode({ ...NOTHING, record: { id, standing: kind, reason, facts: known ?? null } }))
  }
  for (const each of pins.losses)
    out.push(item.encode({ ...NOTHING, lost: { ...each, losses: each.losses.map(writeLoss) } }))
  return out
}

/** Reads stored pins back. */
export function decodePins(pieces: readonly Uint8Array[]): Verdict<RingPins> {
  let heads: RingPins['heads'] | undefined
  const records: RingPins['records'][number][] = []
  const losses: RingPins['losses'][number][] = []
  const lists: (readonly ChannelId[])[] = []
  for (const bytes of pieces) {
    const read = item.decode(bytes)
    if (!read.ok) return read
    const { record: said, lost } = read.value
    heads ??= read.value.heads ?? undefined
    if (lost !== null) losses.push({ frontier: lost.frontier, losses: lost.losses.map(readLoss) })
    if (read.value.views !== null) lists.push(read.value.views)
    if (said === null) continue
    const standing = readStanding(said)
    const facts = readFacts(said.facts, lists)
    if (facts === null) return refuse('EK20', 'channels that are not there')
    records.push({
      id: said.id,
      ...(standing === undefined ? {} : { standing }),
      ...(facts === undefined ? {} : { facts })
    })
  }
  return heads === undefined ? refuse('EK20', 'pins without heads') : accept({ heads, records, losses })
}
