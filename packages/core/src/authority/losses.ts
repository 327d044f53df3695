/**
 * EK8: what accepted operations took away, effective or voided. Keys made without knowing of it are not safe (EK9).
 */
import { idAs, idFromBytes, type OperationId } from '../base/index.ts'
import { OVERWRITE_ALLOW } from './cell.ts'
import type { Loss } from './contract.ts'
import { bitPositions, permissionsToBits } from './flags.ts'
import type { Entry } from './entry.ts'

/** What reading rests on; ManageThreads opens private threads (AU32). */
const READING = permissionsToBits(['ViewChannel', 'Administrator', 'Connect', 'ManageThreads'])
const READING_BITS: ReadonlySet<string> = new Set(bitPositions(READING).map(String))
const PARENT_KEYS: ReadonlySet<number> = new Set([4])

/** Losses that an operation brings by what it says. */
export function lossesOf(entry: Entry): Loss[] {
  const { op, body, known } = entry
  const loss = (rest: Partial<Loss>): Loss[] => [
    { operation: op.id, lamport: op.lamport, users: [], ...rest }
  ]
  switch (body.name) {
    case 'leave':
      return loss({ users: [known.user] })
    case 'kick':
    case 'ban':
      return loss({ users: [body.body.user] })
    case 'seal':
      return loss({ users: [body.body.user], ...(body.body.role === null ? {} : { role: body.body.role }) })
    case 'deviceRevoke':
      return body.body.devices.flatMap(device => loss({ users: [known.user], device }))
    case 'roleUnassign':
      return loss({ users: [body.body.user], role: body.body.role })
    case 'roleDelete':
      return loss({ role: body.body.role })
    case 'roleEdit':
      return (body.body.clear & READING) === 0n ? [] : loss({ role: body.body.role })
    case 'inviteRevoke':
      return loss({ invite: body.body.invite })
    case 'overwrite':
      return takesReading(entry)
        ? loss({ channel: body.body.channel, ...aimed(body.body.target, body.body.id) })
        : []
    case 'channelEdit':
      return body.body.rows.some(row => PARENT_KEYS.has(row.key)) ? loss({ channel: body.body.channel }) : []
    case 'channelMove':
    case 'channelDelete':
      return loss({ channel: body.body.channel })
    case 'threadDelete':
      return loss({ channel: body.body.thread })
    case 'threadMember':
      return body.body.member === 0 ? loss({ users: [body.body.user], channel: body.body.thread }) : []
    case 'transfer':
      return loss({ users: [known.user] })
    default:
      return []
  }
}

function takesReading(entry: Entry): boolean {
  return entry.known.writes.some(
    write =>
      write.cell.startsWith('ow|') &&
      write.value !== OVERWRITE_ALLOW &&
      READING_BITS.has(write.cell.slice(write.cell.lastIndexOf('|') + 1))
  )
}

function aimed(kind: number, id: Uint8Array): Partial<Loss> {
  return kind === 0 ? { role: idFromBytes('r', id) } : { users: [idFromBytes('u', id)] }
}

/** What falls with a voided operation: a loss by whatever struck it. */
export function fallenLosses(entry: Entry, striker: Entry): Loss[] {
  const { body, known, op } = entry
  const loss = (rest: Partial<Loss>): Loss[] => [
    { operation: striker.op.id, lamport: striker.op.lamport, users: [], ...rest }
  ]
  const made = <L extends 'r' | 'c' | 'i'>(letter: L): ReturnType<typeof idAs<L>> => idAs(letter, op.id)
  switch (body.name) {
    case 'join':
    case 'deviceAdd':
      return loss({ users: [known.user] })
    case 'roleAssign':
      return loss({ users: [body.body.user], role: body.body.role })
    case 'roleCreate':
      return loss({ role: made('r') })
    case 'roleEdit':
      return (body.body.set & READING) === 0n ? [] : loss({ role: body.body.role })
    case 'inviteCreate':
      return loss({ invite: made('i') })
    case 'overwrite':
      return [...loss({ channel: body.body.channel, ...aimed(body.body.target, body.body.id) })]
    case 'channelCreate':
    case 'threadCreate':
      return loss({ channel: made('c') })
    case 'channelEdit':
    case 'channelMove':
      return loss({ channel: body.body.channel })
    case 'threadMember':
      return body.body.member === 1 ? loss({ users: [body.body.user], channel: body.body.thread }) : []
    case 'transfer':
      return loss({ users: [body.body.user] })
    case 'unban':
      return loss({ users: [body.body.user] })
    default:
      return []
  }
}

/** The operation that an entry's fall goes back to: up the support to what was struck, then its striker. */
export function strikerOf(entry: Entry, find: (id: OperationId) => Entry | undefined): Entry | undefined {
  let at: Entry | undefined = entry
  for (let steps = 0; at !== undefined && steps < 10_000; steps++) {
    const cause: Entry['voided'] = at.voided
    if (cause?.by === undefined) return undefined
    at = find(cause.by)
    if (cause.rule !== 'AU18') return at
  }
  return undefined
}
