/** AU12, 1 to 9: what people do about themselves. undefined refuses. */
import { verifyBytes } from '../crypto/index.ts'
import { encodeCbor } from '../encoding/index.ts'
import { bytesOf, deviceOf, need, type Rules, write } from './plan.ts'
import type { Reader } from './world.ts'

function isOlderKey(reader: Reader, user: string, generation: number): boolean {
  const value = reader.value(`id|${user}`)
  return Array.isArray(value) && (value[0] as number) > generation
}

export const selves = {
  join: (at, body) => {
    const { op, reader, suite } = at
    const claims = at.identity.certificate(body.certificate)
    if (claims?.device !== op.device) return undefined
    const { user } = claims
    if (reader.isIn(user) || reader.value(`member|${user}`) === 2) return undefined
    const device = deviceOf(reader, op.device)
    if (device !== undefined && (device.user !== user || !device.on)) return undefined
    const terms = reader.winner(`invite|${body.invite}|terms`)
    if (terms?.by.op.what.name !== 'inviteCreate' || reader.value(`invite|${body.invite}`) !== 1)
      return undefined
    const invite = terms.by.op.what.body
    if (
      (invite.user !== null && invite.user !== user) ||
      (invite.notAfter !== null && op.ts > invite.notAfter)
    )
      return undefined
    if (invite.uses !== null && reader.uses(body.invite) >= invite.uses) return undefined
    if (isOlderKey(reader, user, body.key.generation)) return undefined
    const claim = encodeCbor([bytesOf(op.server), bytesOf(user), body.key.generation, body.key.box])
    if (!verifyBytes(suite, invite.key, 'join', claim, body.signature)) return undefined
    return {
      self: {
        cells: [`member|${user}`, `invite|${body.invite}`],
        supp: [terms.by.op.id, ...reader.unbans(user).map(each => each.op.id)]
      },
      target: user,
      writes: [
        write(`member|${user}`, 0),
        write(`dev|${op.device}`, [1, bytesOf(user)]),
        write(`id|${user}`, [body.key.generation, body.key.box])
      ],
      ...(invite.uses === null ? {} : { limited: { invite: body.invite, uses: invite.uses } })
    }
  },
  leave: ({ standing }) =>
    standing.generation === undefined
      ? { self: { cells: [], supp: [] }, writes: [write(`member|${standing.user}`, 1)] }
      : undefined,
  nick: ({ standing }, { nick }) => ({
    rankless: true,
    needs: [need('ChangeNickname')],
    writes: [write(`nick|${standing.user}`, nick)]
  }),
  deviceAdd: ({ identity, op, reader }, { certificate }) => {
    const claims = identity.certificate(certificate)
    if (claims?.device !== op.device || op.seq !== 0 || !reader.isIn(claims.user)) return undefined
    if (deviceOf(reader, op.device) !== undefined) return undefined
    const { user } = claims
    return {
      self: { cells: [`member|${user}`], supp: [] },
      target: user,
      writes: [write(`dev|${op.device}`, [1, bytesOf(user)])]
    }
  },
  deviceRevoke: ({ identity, reader, standing: { user } }, { proof, devices }) => {
    const claims = identity.revocation(proof)
    if (claims?.user !== user) return undefined
    for (const device of devices) {
      const known = deviceOf(reader, device)
      if ((claims.target !== 'all' && claims.target !== device) || known?.user !== user || !known.on)
        return undefined
    }
    const writes = devices.map(device => write(`dev|${device}`, [0, bytesOf(user)], true))
    return { revokes: devices, target: user, writes }
  },
  identityEntry: ({ identity, reader, standing: { user } }, { proof }) => {
    const claims = identity.entry(proof)
    if (claims?.user !== user) return undefined
    const { key, moved } = claims
    if (key !== undefined && isOlderKey(reader, user, key.generation)) return undefined
    const writes = [
      ...(key === undefined ? [] : [write(`id|${user}`, [key.generation, key.box])]),
      ...(moved === undefined ? [] : [write(`moved|${user}`, bytesOf(moved))])
    ]
    return writes.length === 0 ? undefined : { self: { cells: [`member|${user}`], supp: [] }, writes }
  },
  gather: ({ op, reader }) => {
    const from = op.prev === null ? op.par : [...op.par, op.prev]
    const known = op.refs.flatMap(ref => reader.world.facts.get(ref) ?? [])
    const again = known.some(ref => from.some(id => reader.world.covers(id, ref)))
    return op.refs.length === 0 || again ? undefined : {}
  }
} satisfies Partial<Rules>
