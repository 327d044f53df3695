/** Why a message is seen or not (AU34–AU37): what its author had seen, then what was denied beside it. */
import { idAs, type OperationId, type RuleId } from '../../base/index.ts'
import type { AnswerCode } from '../../verifier/index.ts'
import { compareFate } from '../attack.ts'
import { cutCell, deviceCell } from '../cell.ts'
import type { ContentAct } from '../contract.ts'
import type { Entry } from '../entry.ts'
import { causeOf } from '../fate.ts'
import { type ActProof, proveAct, reaches, ruleOf } from '../judge.ts'
import { userOfDevice } from '../plan.ts'
import type { View } from '../view.ts'
import type { Recorder } from './recorder.ts'
import { idsOf, type StepList } from './steps.ts'

/** What a message cites: its frontier and its channel's creation (AU34). */
export function citedByMessage(act: ContentAct, server: string): readonly OperationId[] {
  return act.channel.slice(1) === server.slice(1) ? act.auth : [...act.auth, idAs('o', act.channel)]
}

/** What a message's answer rests on; found before the steps are told. */
export interface MessageFindings {
  readonly author: Entry | undefined
  readonly device: { readonly user: string; readonly on: boolean } | undefined
  readonly proof: ActProof | undefined
  readonly rests: readonly Entry[]
  /** Denials that reach the message and did not stand in its past, whether they stand now or not. */
  readonly denials: readonly Entry[]
}

/** Looks into a message by the state of its past and that of the frontier; reading tells what the proof needs. */
export function findMessage(
  reader: Recorder,
  past: Recorder,
  act: ContentAct,
  note: (entry: Entry) => void
): MessageFindings {
  const { ledger } = reader.view
  const by = past.winner(deviceCell(act.device))?.by.op.id
  const author = by === undefined ? undefined : ledger.entry(by)
  const device = userOfDevice(past, act.device)
  const verdict = proveAct(past, act)
  if (!verdict.ok) return { author, device, proof: undefined, rests: [], denials: [] }
  const proof = verdict.value
  const rests = [...new Set([...proof.supp, ...proof.joins])].map(id => ledger.entry(id))
  // What has fallen with its support is hidden whatever else was denied.
  const denials =
    hiddenBy(reader.view, proof, []) === undefined ? denialsOn(reader, past.view, act, proof) : []
  for (const each of [...rests, ...denials]) note(each)
  return { author, device, proof, rests, denials }
}

function denialsOn(reader: Recorder, past: View, act: ContentAct, proof: ActProof): Entry[] {
  const { view } = reader
  const out = new Set<Entry>()
  for (const key of proof.cells)
    for (const each of view.ledger.cells.get(key)?.denials ?? []) {
      if (!view.has(each) || past.isEffective(each)) continue
      const extended = reader.winner(cutCell(each.op.id, act.device))?.value
      if (reaches(each, act, extended)) out.add(each)
    }
  return [...out]
}

/** Tells what was found. */
export function tellMessage(
  view: View,
  steps: StepList,
  act: ContentAct,
  found: MessageFindings
): { readonly allowed: boolean; readonly code: AnswerCode } {
  const cites = steps.add(
    'AU34',
    ['message', act.id, act.channel, String(act.seq), String(act.at)],
    act.auth,
    []
  )
  const about = found.author === undefined ? [] : [found.author]
  const { device } = found
  const claim = ['author', act.device, device?.user ?? 'nobody', device?.on === true ? 'on' : 'off']
  const author = steps.add('AU35', claim, idsOf(about), [cites, ...steps.accepted(about)])
  const { proof, rests, denials } = found
  if (proof === undefined) {
    steps.add('AU35', ['answer', 'rejected', ...act.needs], [], [author])
    return { allowed: false, code: 'rejected' }
  }
  const because = [author, ...steps.accepted(rests)]
  const permitted = steps.add('AU35', ['permitted', proof.user, ...act.needs], idsOf(rests), because)
  const hidden = hiddenBy(view, proof, denials)
  if (hidden !== undefined) {
    steps.add(
      hidden.rule,
      ['answer', 'hidden'],
      [hidden.by.op.id],
      [permitted, ...steps.fates([hidden.because])]
    )
    return { allowed: false, code: 'hidden' }
  }
  steps.add('AU36', ['answer', 'visible'], idsOf(denials), [
    permitted,
    ...steps.fates([...rests, ...denials])
  ])
  return { allowed: true, code: 'visible' }
}

/** AU36 as of a frontier: the same as the log's own judging, as of everything. */
function hiddenBy(
  view: View,
  proof: ActProof,
  denials: readonly Entry[]
): { readonly rule: RuleId; readonly by: Entry; readonly because: Entry } | undefined {
  const entry = (id: OperationId): Entry => view.ledger.entry(id)
  const first = (entries: readonly Entry[]): Entry | undefined => [...entries].sort(compareFate)[0]
  const fallen = first(proof.supp.map(entry).filter(each => !view.isEffective(each)))
  if (fallen !== undefined) {
    const by = causeOf(fallen, view)?.by
    return { rule: 'AU36', by: by === undefined ? fallen : entry(by), because: fallen }
  }
  const joins = proof.joins.map(entry)
  const [join] = joins
  if (join !== undefined && joins.every(each => !view.isEffective(each)))
    return { rule: 'AU36', by: join, because: join }
  const denial = first(denials.filter(each => view.isEffective(each)))
  return denial === undefined ? undefined : { rule: ruleOf(denial), by: denial, because: denial }
}
