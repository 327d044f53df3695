/** Messages judged by authority (AU34–AU38): by what the author had seen, then against concurrent denials. */
import {
  type ChannelId,
  idAs,
  idFromBytes,
  type MessageId,
  type OperationId,
  refuse,
  type RuleId,
  type UserId
} from '../base/index.ts'
import type { CborValue } from '../encoding/index.ts'
import { compareFate } from './attack.ts'
import { channelCell, cutCell, deviceCell, threadMemberCell } from './cell.ts'
import type { ContentAct, ContentVerdict } from './contract.ts'
import type { Entry } from './entry.ts'
import { PERMISSION_BITS } from './flags.ts'
import type { Ledger } from './ledger.ts'
import { channelActs, channelExists, isMember, userOfDevice } from './plan.ts'
import type { Need } from './candidate.ts'
import { holds, type Missing, type Proof, prove } from './proof.ts'
import { numberOf, standingOf } from './standing.ts'
import type { StateReader } from './reader.ts'
import type { View } from './view.ts'

/** What a message's place in authority gives: found once per author, frontier, channel and needs. */
export interface ActProof {
  readonly user: UserId
  readonly cells: readonly string[]
  readonly supp: readonly OperationId[]
  readonly joins: readonly OperationId[]
}

/** AU35: whether the state of the message's past permits the act. */
export function proveAct(
  view: StateReader,
  act: ContentAct
): { readonly ok: true; readonly value: ActProof } | Missing {
  const device = userOfDevice(view, act.device)
  if (device === undefined || !device.on) return refuse('AU35', 'the device is not on')
  const { user } = device
  if (!isMember(view, user)) return refuse('AU35', 'the author is not in')
  const meta = act.channel === idAs('c', view.server)
  if (!meta && !channelExists(view, act.channel)) return refuse('AU35', 'no such channel')
  const standing = standingOf(view, user, act.at)
  const unknown = act.needs.find(name => !Object.hasOwn(PERMISSION_BITS, name))
  if (unknown !== undefined) throw new RangeError(`no permission is called "${unknown}"`)
  const channel = meta ? null : act.channel
  const needs: Need[] = act.needs.map(name => ({
    bit: PERMISSION_BITS[name as keyof typeof PERMISSION_BITS],
    channel
  }))
  if (!meta) needs.unshift({ bit: PERMISSION_BITS.ViewChannel, channel })
  const thread = meta ? [] : threadNeeds(view, standing, act.channel, needs)
  if ('ok' in thread) return thread
  const proof = prove(
    view,
    standing,
    needs,
    [deviceCell(act.device), ...(meta ? [] : channelActs(view, act.channel)), ...thread],
    true
  )
  if (!proof.ok) return { ...proof, rule: 'AU35' }
  return { ok: true, value: actProof(view, user, proof.value, thread) }
}

function actProof(view: StateReader, user: UserId, proof: Proof, rests: readonly string[]): ActProof {
  const supp = new Set(proof.supp.keys())
  for (const cell of rests) {
    const winner = view.winner(cell)
    if (winner !== undefined) supp.add(winner.by.op.id)
  }
  return { user, cells: [...proof.cells], supp: [...supp], joins: view.liveJoins(user) }
}

/** AU32: private threads are for their members, locked ones for ManageThreads. */
function threadNeeds(
  view: StateReader,
  standing: ReturnType<typeof standingOf>,
  channel: ChannelId,
  needs: Need[]
): readonly string[] | Missing {
  if (view.winner(channelCell(channel, 'kind'))?.value !== 'thread') return []
  const manage: Need = { bit: PERMISSION_BITS.ManageThreads, channel }
  const manages = holds(view, standing, manage.bit, channel)
  const cells: string[] = []
  if (numberOf(view, channelCell(channel, 'locked'), 0) === 1) {
    if (!manages) return refuse('AU35', 'the thread is locked')
    needs.push(manage)
  } else cells.push(channelCell(channel, 'locked'))
  if (numberOf(view, channelCell(channel, 'private'), 0) === 1) {
    const own = threadMemberCell(channel, standing.user)
    if (numberOf(view, own, 0) === 1) cells.push(own)
    else if (manages) needs.push(manage)
    else return refuse('AU35', 'not a member of the private thread')
  }
  return cells
}

/**
 * Whether nothing known so far hides any message of this proof: all that it rests on stands, and so did every
 * denial of its cells that stands now. Holds until another operation is accepted.
 */
export function isUndisputed(ledger: Ledger, view: View, proof: ActProof): boolean {
  return (
    proof.supp.every(id => ledger.entry(id).effective) &&
    (proof.joins.length === 0 || proof.joins.some(id => ledger.entry(id).effective)) &&
    proof.cells.every(key =>
      (ledger.cells.get(key)?.denials ?? []).every(each => !each.effective || view.isEffective(each))
    )
  )
}

/** AU36, AU37: hidden where the proof has fallen, or a denial that did not stand in the message's past reaches it. */
export function believe(ledger: Ledger, view: View, act: ContentAct, proof: ActProof): ContentVerdict {
  const { user } = proof
  const fallen = earliest(proof.supp.map(id => ledger.entry(id)).filter(each => !each.effective))
  if (fallen !== undefined)
    return { kind: 'hidden', user, rule: 'AU36', by: fallen.voided?.by ?? fallen.op.id }
  const [join] = proof.joins
  if (join !== undefined && proof.joins.every(id => !ledger.entry(id).effective))
    return { kind: 'hidden', user, rule: 'AU36', by: join }
  const denial = earliest(
    proof.cells.flatMap(key =>
      (ledger.cells.get(key)?.denials ?? []).filter(
        each =>
          each.effective && !view.isEffective(each) && reaches(each, act, extensionOf(ledger, each, act))
      )
    )
  )
  if (denial !== undefined) return { kind: 'hidden', user, rule: ruleOf(denial), by: denial.op.id }
  return { kind: 'visible', user }
}

/** The first in AU23's order: every peer names the same. */
function earliest(entries: readonly Entry[]): Entry | undefined {
  return entries.reduce<Entry | undefined>(
    (best, each) => (best === undefined || compareFate(each, best) < 0 ? each : best),
    undefined
  )
}

/** The rule a message is hidden by (AU36, AU37, AU22). */
export function ruleOf(denial: Entry): RuleId {
  if (denial.known.revokes !== undefined) return 'AU22'
  return denial.known.target === undefined ? 'AU37' : 'AU36'
}

/**
 * Whether a message lies beyond a denial's content cut (AU37).
 *
 * @param extension - Value of the cell of the cut's extension for the message's device.
 */
export function reaches(denial: Entry, act: ContentAct, extension: CborValue | undefined): boolean {
  if (denial.known.until !== undefined && act.at >= denial.known.until) return false
  if (denial.op.cut === null) return act.at > denial.op.at
  const row = denial.op.cut.find(each => each.device === act.device)
  const extended = extension as readonly [number, Uint8Array] | undefined
  const [seq, last] = extended ?? [row?.contentSeq ?? -1, row?.envelope ?? undefined]
  if (act.seq !== seq) return act.seq > seq
  return last === undefined || act.id !== envelopeId(last)
}

function extensionOf(ledger: Ledger, denial: Entry, act: ContentAct): CborValue | undefined {
  return ledger.cells.get(cutCell(denial.op.id, act.device))?.winner?.value
}

function envelopeId(bytes: Uint8Array): MessageId {
  return idFromBytes('m', bytes)
}
