/** Whether an operation was permitted by its own past, and what it is for ever (AU14, AU17, AU18). */
import { idAs } from '../base/index.ts'
import type { Suite } from '../crypto/index.ts'
import { type Known, ofOwner, SELF, weaker } from './cells.ts'
import type { IdentityReader } from './identity.ts'
import type { Op } from './operation.ts'
import { prove, standingOf } from './rights.ts'
import { bytesOf, deviceOf, isDefined, type Plan, write } from './plan.ts'
import { planOf } from './rules.ts'
import type { Reader, World } from './world.ts'

/** What judging needs beside the operations. */
export interface Tools {
  readonly suite: Suite
  readonly identity: IdentityReader
}

/** Judges an operation that is in place by those in its past; false where a rule refuses it. */
export function judge(world: World, tools: Tools, op: Op): boolean {
  if (op.what.name === 'genesis') {
    const known = genesisKnown(tools, op)
    if (known === undefined || idAs('s', op.id as never) !== world.server) return false
    world.judge(op, known, undefined)
    return true
  }
  const reader = world.before(op)
  if (reader.isRaised()) return false
  const known = knownOf(tools, op, reader)
  if (known === undefined) return false
  world.judge(op, known, reader)
  return true
}

function genesisKnown(tools: Tools, op: Op): Known | undefined {
  if (op.what.name !== 'genesis') return undefined
  const { body } = op.what
  const claims = tools.identity.certificate(body.certificate)
  if (claims?.device !== op.device || !body.everyone.every(isDefined)) return undefined
  const { user } = claims
  const everyone = idAs('r', op.id as never)
  return {
    user,
    strength: ofOwner(0),
    supp: [],
    cells: new Set(),
    generation: 0,
    owner: { user, generation: 0 },
    writes: [
      write('owner', [0, bytesOf(user)]),
      write('proto', 1),
      write(`member|${user}`, 0),
      write(`dev|${op.device}`, [1, bytesOf(user)]),
      write(`id|${user}`, [body.key.generation, body.key.box]),
      ...body.everyone.map(bit => write(`role|${everyone}|bit|${bit}`, 1)),
      ...body.policy.map(row => write(`policy|${row.key}`, row.value)),
      ...body.srv.map(row => write(`srv|${row.key}`, row.value))
    ]
  }
}

/** Who speaks: of join and device.add the certificate says, of others the device's standing. */
function speakerOf(op: Op, reader: Reader): string | undefined {
  const first = op.what.name === 'join' || op.what.name === 'deviceAdd'
  if (op.seq === 0 && !first) return undefined
  const device = deviceOf(reader, op.device)
  if (first) return device?.user ?? ''
  return device?.on === true && reader.isIn(device.user) ? device.user : undefined
}

/** AU1, field 11. */
function areRowsFit(op: Op, reader: Reader, target: string | undefined): boolean {
  return (op.cut ?? []).every(row => {
    if (deviceOf(reader, row.device)?.user !== target) return false
    const last = row.op === null ? undefined : reader.lookup(row.op)
    return row.op === null || (last !== undefined && last.op.device === row.device && last.op.seq === row.seq)
  })
}

function knownOf(tools: Tools, op: Op, reader: Reader): Known | undefined {
  const user = speakerOf(op, reader)
  if (user === undefined) return undefined
  const standing = standingOf(reader, user, op.ts)
  const plan = planOf({ ...tools, op, reader, standing })
  if (plan === undefined || !areRowsFit(op, reader, plan.target)) return undefined
  const { self } = plan
  if (self !== undefined)
    return {
      user: plan.target ?? user,
      strength: SELF,
      supp: [...new Set(self.supp)].sort(),
      cells: new Set(self.cells),
      writes: plan.writes ?? [],
      ...(plan.limited === undefined ? {} : { limited: plan.limited })
    }
  const proof = prove(reader, standing, plan.needs ?? [], plan.acts ?? [], plan.rankless === true)
  if (proof === undefined) return undefined
  const cells = new Set(proof.cells)
  const supp = new Map(proof.supp)
  for (const cell of proof.generation === undefined ? (plan.rests ?? []) : []) {
    cells.add(cell)
    const winner = reader.winner(cell)
    if (winner !== undefined) supp.set(winner.by.op.id, winner.by.known.strength)
  }
  for (const fact of proof.generation === undefined ? (plan.leans ?? []) : [])
    supp.set(fact.op.id, fact.known.strength)
  const weighed = proof.generation === undefined && plan.revokes === undefined
  const strength = weighed ? [...supp.values()].reduce(weaker, proof.rank) : proof.rank
  if (plan.atLeast !== undefined && strength < plan.atLeast) return undefined
  return {
    user,
    strength,
    supp: plan.revokes === undefined ? [...supp.keys()].sort() : [],
    cells: plan.owner === undefined ? cells : new Set(),
    writes: plan.writes ?? [],
    ...(proof.generation === undefined ? {} : { generation: proof.generation }),
    ...pick(plan)
  }
}

/** What of a plan is known for ever. */
function pick({ owner, target, until, revokes, carries }: Plan): Partial<Known> {
  return {
    ...(owner === undefined ? {} : { owner }),
    ...(target === undefined ? {} : { target }),
    ...(until === undefined ? {} : { until }),
    ...(revokes === undefined ? {} : { revokes }),
    ...(carries === undefined ? {} : { carries })
  }
}
