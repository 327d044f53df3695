/** What state cannot answer of the log itself: forks (AU39), and whether a seal adds anything (AU40). */
import { compareIds, idFromBytes } from '../base/index.ts'
import type { ForkState } from './contract.ts'
import type { Ledger } from './ledger.ts'
import type { Known } from './reader.ts'
import type { View } from './view.ts'

/** Forks proven by the operations held, by device and number. */
export function forksOf(ledger: Ledger): readonly ForkState[] {
  const out: ForkState[] = []
  for (const fork of ledger.settled?.frozen.listed.forks ?? [])
    out.push({
      device: idFromBytes('d', fork.device),
      seq: fork.seq,
      operations: fork.operations.map(each => idFromBytes('o', each))
    })
  for (const [device, chain] of ledger.chains) {
    for (const seq of new Set(chain.forked.filter(each => each.settled !== true).map(each => each.op.seq))) {
      out.push({
        device,
        seq,
        operations: (chain.bySeq.get(seq) ?? []).map(each => each.op.id).sort(compareIds)
      })
    }
  }
  return out.sort((a, b) => compareIds(a.device, b.device) || a.seq - b.seq)
}

/** Whether what an operation would write is written there with less strength now. */
export function isStronger(known: Known, view: View): boolean {
  return known.writes.some(({ cell }) => {
    const winner = view.winner(cell)
    return winner !== undefined && winner.by.known.strength < known.strength
  })
}
