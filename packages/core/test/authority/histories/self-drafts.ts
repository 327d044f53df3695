/** Kinds about oneself, and gathers. */
import { idToBytes } from '../../../src/base/index.ts'
import {
  draft,
  draftGather,
  isSpine,
  type KindName,
  type OperationDraft
} from '../../../src/authority/index.ts'
import type { Operation } from '../../../src/graph/index.ts'
import { joinDraft, userKeyOf } from '../cast.ts'
import type { Picked, Scene } from './scene.ts'

/** Kinds 1 to 6. */
export function selfDraft(name: KindName, picked: Picked): OperationDraft | undefined {
  const { dice, maker, state, who } = picked
  switch (name) {
    case 'join': {
      const invites = state.invites()
      return invites.length === 0 ? undefined : joinDraft(who, dice.pick(invites.slice(-3)).id)
    }
    case 'leave':
      return draft('leave', {})
    case 'nick':
      return draft('nick', { nick: `n${dice.below(9)}` })
    case 'deviceAdd': {
      const credential = (dice.chance(0.95) ? who : dice.pick(maker.people)).credential
      return draft('deviceAdd', { credential })
    }
    case 'deviceRevoke':
      return revocationDraft(picked)
    case 'identityEntry': {
      const key = userKeyOf(who, dice.below(4))
      const entry = Uint8Array.from([...idToBytes(who.user), key.generation, ...key.boxPublicKey])
      return draft('identityEntry', { entry })
    }
    default:
      return undefined
  }
}

function revocationDraft({ dice, maker, who }: Picked): OperationDraft | undefined {
  const devices = maker.people
    .filter(each => each.user === who.user)
    .map(each => each.device)
    .filter(() => dice.chance(0.7))
    .sort()
  const [first] = devices
  if (first === undefined) return undefined
  const all = dice.chance(0.3) || devices.length > 1
  const revocation = all
    ? idToBytes(who.user)
    : Uint8Array.from([...idToBytes(who.user), ...idToBytes(first)])
  return draft('deviceRevoke', { revocation, devices })
}

/** Leaves whose own past the frontier holds; now and then one that is gathered already. */
export function gatherDraft({ maker, who, frontier }: Scene): OperationDraft | undefined {
  const { dice, site } = maker
  const covered = maker.closure(
    frontier.filter(op => isSpine(op.kind) || op.device === who.device).map(op => op.id)
  )
  const isRipe = (op: Operation): boolean =>
    [...(maker.pasts.get(op.id) ?? [])].every(
      id => covered.has(id) || !isSpine((site.log.get(id) as Operation).kind)
    )
  const again = dice.chance(0.1)
  const leaves = site.operations.filter(
    op => !isSpine(op.kind) && (again || !covered.has(op.id)) && isRipe(op)
  )
  if (leaves.length === 0) return undefined
  return draftGather(leaves.slice(-1 - dice.below(10)).map(op => op.id))
}
