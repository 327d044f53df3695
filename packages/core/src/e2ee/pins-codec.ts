/** Pins as they are stored, inside values that the database seals (EK20, KS7). */
import { accept, refuse, type Verdict } from '../base/index.ts'
import type { Loss } from '../authority/index.ts'
import { array, bool, codec, type Infer, literal, nullable, text, tuple, uint } from '../encoding/index.ts'
import { idSchema } from './body.ts'
import type { RecordStanding, RingPins } from './contract.ts'
import { LOSSES_PINNED_MAX } from './limits.ts'

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
    lost: nullable(tuple({ frontier, losses: array(loss, LOSSES_PINNED_MAX) }))
  }),
  { rule: 'EK20' }
)
const NOTHING = { version: 1, heads: null, record: null, lost: null } as const

function readStanding({ standing, reason }: Infer<typeof record>): RecordStanding | undefined {
  if (standing === WAITING) return undefined
  return standing === VALID ? { kind: 'valid' } : { kind: 'invalid', rule: 'EK12', reason }
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
  for (const { id, standing, facts } of pins.records) {
    const kind = standing === undefined ? WAITING : standing.kind === 'valid' ? VALID : INVALID
    const reason = standing?.kind === 'invalid' ? standing.reason : ''
    const known = facts && { ...facts.channel, lamport: facts.lamport, outdated: facts.outdated }
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
  for (const bytes of pieces) {
    const read = item.decode(bytes)
    if (!read.ok) return read
    const { record: said, lost } = read.value
    heads ??= read.value.heads ?? undefined
    if (lost !== null) losses.push({ frontier: lost.frontier, losses: lost.losses.map(readLoss) })
    if (said === null) continue
    const standing = readStanding(said)
    const { facts } = said
    records.push({
      id: said.id,
      ...(standing === undefined ? {} : { standing }),
      ...(facts === null
        ? {}
        : {
            facts: {
              lamport: facts.lamport,
              channel: { known: facts.known, open: facts.open, chain: facts.chain },
              outdated: facts.outdated
            }
          })
    })
  }
  return heads === undefined ? refuse('EK20', 'pins without heads') : accept({ heads, records, losses })
}
