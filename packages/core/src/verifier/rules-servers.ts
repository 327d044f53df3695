/** AU12, 64 to 80: the server itself, ownership, automod, objects. undefined refuses. */
import { verifyBytes } from '../crypto/index.ts'
import { type CborValue, encodeCbor } from '../encoding/index.ts'
import type { BodyOf } from './kinds.ts'
import { bytesOf, type Case, deviceOf, need, type Plan, type Rules, write } from './plan.ts'
import { existence, isChannel } from './rights.ts'

const objectCell = (id: string): string => `obj|${id}`

function objectNeed(at: Case, type: number, own: boolean, channel: string | null): Plan | undefined {
  if (type === 3) {
    if (channel === null || !isChannel(at.reader, channel)) return undefined
    return { needs: [need('ManageWebhooks', channel)], acts: existence(at.reader, channel) }
  }
  if (type === 4) return { needs: [need(own ? 'CreateEvents' : 'ManageEvents')] }
  return { needs: [need(own ? 'CreateServerExpressions' : 'ManageServerExpressions')] }
}

function objectPlan(
  at: Case,
  object: string,
  value: CborValue,
  same?: BodyOf<'objectSet'>
): Plan | undefined {
  const made = at.reader.lookup(object)
  const what = made?.op.what
  if (made === undefined || what?.name !== 'objectSet' || what.body.object !== null) return undefined
  const { type, channel } = what.body
  if ((at.reader.value(objectCell(object)) ?? null) === null) return undefined
  if (same !== undefined && (same.type !== type || same.channel !== channel)) return undefined
  const plan = objectNeed(at, type, made.known.user === at.standing.user, channel)
  return plan === undefined ? undefined : { ...plan, writes: [write(objectCell(object), value)] }
}

export const servers = {
  serverSet: (_at, { rows }) => ({
    needs: [need('ManageServer')],
    writes: rows.map(row => write(`srv|${row.key}`, row.value))
  }),
  policySet: ({ reader, standing }, { rows }) => {
    if (standing.generation === undefined || rows.some(row => row.key === 4)) return undefined
    if (rows.some(row => row.key === 0 && (row.value as number) < reader.number('policy|0', 1)))
      return undefined
    return { writes: rows.map(row => write(`policy|${row.key}`, row.value)) }
  },
  protoRaise: ({ reader, standing }, { version }) =>
    standing.generation === undefined || version <= reader.number('proto', 1)
      ? undefined
      : { writes: [write('proto', version)] },
  transfer: (at, body) => {
    const { op, reader, standing, suite } = at
    const { generation, user } = standing
    if (generation === undefined || body.user === user || !reader.isIn(body.user)) return undefined
    const consenting = deviceOf(reader, body.consent.device)
    if (consenting?.user !== body.user || !consenting.on) return undefined
    const claim = [bytesOf(op.server), generation, bytesOf(user), bytesOf(body.user)]
    if (
      !verifyBytes(suite, bytesOf(body.consent.device), 'consent', encodeCbor(claim), body.consent.signature)
    )
      return undefined
    if (reader.number('policy|3', 0) !== 1) {
      const root = body.root === null ? undefined : at.identity.genesis(body.root.genesis)
      if (root?.user !== user || body.root === null) return undefined
      if (!verifyBytes(suite, root.root, 'consent', encodeCbor([...claim, 1]), body.root.signature))
        return undefined
    }
    return {
      owner: { user: body.user, generation: generation + 1 },
      carries: reader.liveJoins(body.user),
      target: body.user,
      writes: [write('owner', [generation + 1, bytesOf(body.user)]), write(`member|${body.user}`, 0)]
    }
  },
  automodSet: ({ op, reader }, { rule, payload }) =>
    rule !== null && (reader.value(`automod|${rule}`) ?? null) === null
      ? undefined
      : { needs: [need('ManageServer')], writes: [write(`automod|${rule ?? op.id}`, payload)] },
  automodDelete: ({ reader }, { rule }) =>
    (reader.value(`automod|${rule}`) ?? null) === null
      ? undefined
      : { needs: [need('ManageServer')], writes: [write(`automod|${rule}`, null)] },
  objectSet: (at, body) => {
    const { type, channel, name, payload } = body
    const value = [type, channel === null ? null : bytesOf(channel), name, payload]
    if (body.object !== null) return objectPlan(at, body.object, value, body)
    const plan = objectNeed(at, type, true, channel)
    return plan === undefined ? undefined : { ...plan, writes: [write(objectCell(at.op.id), value)] }
  },
  objectDelete: (at, { object }) => objectPlan(at, object, null),
  checkpoint: ({ reader }, { heads }) =>
    heads.every(head => reader.lookup(head) !== undefined) ? { rankless: true } : undefined
} satisfies Partial<Rules>
