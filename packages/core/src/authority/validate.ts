/**
 * Knowledge (AU14–AU18): may this operation exist, judged by its own past alone. The verdict and the record never
 * change afterwards, whatever else arrives.
 */
import {
  accept,
  idAs,
  idToBytes,
  type OperationId,
  refuse,
  type Refusal,
  type UserId,
  type Verdict
} from '../base/index.ts'
import type { Operation } from '../graph/index.ts'
import {
  deviceCell,
  identityCell,
  MEMBER_IN,
  memberCell,
  OWNER_CELL,
  policyCell,
  PROTO_CELL,
  roleBitCell,
  serverCell
} from './cell.ts'
import type { AuthorityDeps } from './deps.ts'
import { bitPositions } from './flags.ts'
import * as members from './kinds/plan-member.ts'
import * as servers from './kinds/plan-server.ts'
import { planOf } from './kinds/plans.ts'
import type { KindBody } from './kinds/table.ts'
import {
  deviceValue,
  isMember,
  isRefusal,
  no,
  type Plan,
  type PlanContext,
  undefinedBits,
  userOfDevice,
  write
} from './plan.ts'
import { type Proof, prove } from './proof.ts'
import { standingOf } from './standing.ts'
import type { Judged, Known, StateReader } from './reader.ts'
import { ownerStrength, SELF_STRENGTH, type Strength, weaker } from './strength.ts'

/** How to validate. */
export interface ValidateOptions {
  /** Signatures inside the body were checked before the operation was stored. */
  readonly trusted?: boolean
}

/** A refusal that may name the permission that was missing. */
export type Invalid = Refusal & { readonly permission?: string }

/** What a genesis establishes; it has no past to be judged by. */
export function validateGenesis(
  deps: AuthorityDeps,
  op: Operation,
  kind: KindBody,
  options: ValidateOptions = {}
): Verdict<Known> {
  if (kind.name !== 'genesis') return refuse('AU1', 'not a genesis')
  const { body } = kind
  const claims = deps.verifyCredential(body.credential, { trusted: options.trusted === true })
  if (!claims.ok) return claims
  if (claims.value.device !== op.device) return no("the certificate is another device's")
  const fault = undefinedBits(body.everyone)
  if (fault !== undefined) return fault
  const { user } = claims.value
  const everyone = idAs('r', op.server)
  return accept({
    user,
    strength: ownerStrength(0),
    supp: [],
    cells: [],
    generation: 0,
    owner: { user, generation: 0 },
    writes: [
      write(OWNER_CELL, [0, idToBytes(user)]),
      write(PROTO_CELL, servers.PROTOCOL_VERSION),
      write(memberCell(user), MEMBER_IN),
      write(deviceCell(op.device), deviceValue(true, user)),
      write(identityCell(user), [body.userKey.generation, body.userKey.boxPublicKey]),
      ...bitPositions(body.everyone).map(bit => write(roleBitCell(everyone, bit), 1)),
      ...body.policy.map(row => write(policyCell(row.key), row.value)),
      ...body.srv.map(row => write(serverCell(row.key), row.value))
    ]
  })
}

/** Who speaks: of joins and device.add their certificate says, of all others the device's standing in the past. */
function speaker(reader: StateReader, op: Operation, kind: KindBody): { user: UserId } | Refusal {
  if (op.seq === 0 && kind.name !== 'join' && kind.name !== 'deviceAdd') {
    return refuse('AU5', 'a device begins with genesis, join or device.add')
  }
  const device = userOfDevice(reader, op.device)
  if (kind.name === 'join' || kind.name === 'deviceAdd') return { user: device?.user ?? ('' as UserId) }
  if (device === undefined || !device.on) return no('the device is not on')
  return isMember(reader, device.user) ? { user: device.user } : no('the author is not in')
}

/**
 * Judges an operation by `State(past(o))` (AU14).
 *
 * @param reader - State of exactly the operation's past.
 * @returns Strength, support, cells and writes, which never change, or the rule broken.
 */
export function validate(
  deps: AuthorityDeps,
  op: Operation,
  kind: KindBody,
  reader: StateReader,
  options: ValidateOptions = {}
): { readonly ok: true; readonly value: Known } | Invalid {
  const author = speaker(reader, op, kind)
  if ('ok' in author) return author
  const standing = standingOf(reader, author.user, op.at)
  const context: PlanContext = {
    deps,
    op,
    reader,
    user: author.user,
    standing,
    trusted: options.trusted === true
  }
  const plan = planOf(context, kind)
  if (isRefusal(plan)) return plan
  const rowsFault = op.cut === null ? undefined : members.cutRowsFault(context, op, plan.target)
  if (rowsFault !== undefined) return rowsFault
  if (plan.self !== undefined) return accept(selfKnown(plan.target ?? author.user, plan))
  const proof = prove(reader, standing, plan.needs ?? [], plan.acts ?? [], plan.rankless === true)
  if (!proof.ok) return proof
  const known = knownOf(context, plan, withRests(reader, proof.value, plan))
  const late = plan.check?.(known.strength)
  return late ?? accept(known)
}

function selfKnown(user: UserId, plan: Plan): Known {
  return {
    user,
    strength: SELF_STRENGTH,
    supp: plan.self?.supp ?? [],
    cells: plan.self?.cells ?? [],
    writes: plan.writes ?? [],
    ...(plan.limited === undefined ? {} : { limited: plan.limited })
  }
}

function withRests(reader: StateReader, proof: Proof, plan: Plan): Proof {
  if (proof.generation !== undefined) return proof
  const cells = new Set(proof.cells)
  const supp = new Map(proof.supp)
  for (const cell of plan.rests ?? []) {
    cells.add(cell)
    const winner = reader.winner(cell)
    if (winner !== undefined) supp.set(winner.by.op.id, winner.by.known.strength)
  }
  for (const id of plan.leans ?? []) supp.set(id, (reader.lookup(id) as Judged).known.strength)
  return { ...proof, cells, supp }
}

/** AU18, with AU21's and AU22's exceptions. */
function knownOf(context: PlanContext, plan: Plan, proof: Proof): Known {
  const owned = proof.generation !== undefined
  let strength: Strength = proof.rank
  if (!owned && plan.revokes === undefined)
    for (const each of proof.supp.values()) strength = weaker(strength, each)
  const supp: readonly OperationId[] = plan.revokes === undefined ? [...proof.supp.keys()].sort() : []
  return {
    user: context.user,
    strength,
    supp,
    cells: plan.owner === undefined ? [...proof.cells].sort() : [],
    writes: plan.writes ?? [],
    ...(proof.generation === undefined ? {} : { generation: proof.generation }),
    ...(plan.owner === undefined ? {} : { owner: plan.owner }),
    ...(plan.target === undefined ? {} : { target: plan.target }),
    ...(plan.until === undefined ? {} : { until: plan.until }),
    ...(plan.revokes === undefined ? {} : { revokes: plan.revokes }),
    ...(plan.carries === undefined ? {} : { carries: plan.carries })
  }
}
