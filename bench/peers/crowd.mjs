/** Fills a server with what many did: members who join, roles that are given, channels that change. */
import { createNodeSuite } from '@xcord/core/adapters/crypto-node'
import { systemRandom } from '@xcord/core/adapters/runtime-node'
import { draftJoin, signJoin } from '@xcord/core/authority'
import { inviteKeys, parseInviteLink } from '@xcord/core/e2ee'
import { signOperation } from '@xcord/core/graph'
import { createAccount } from '@xcord/core/identity'
import { publishSnapshot } from '../../packages/core/dist/node/snapshots/published-snapshot.js'

/** One in so many operations is a join, and of so many joins one gets a role. */
const JOIN_EVERY = Number(process.env.XCORD_BENCH_JOIN_EVERY ?? 50)
const ROLE_EVERY = 5

/**
 * Operations as servers live, so many at once: each signed, verified, committed and published as any other. Those who
 * join are accounts of their own, with certificates of their own; only their peers are missing.
 */
export async function growCrowd(server, channel, { count, atOnce, joinEvery = JOIN_EVERY }) {
  const suite = await createNodeSuite()
  const { link, id: invite } = await server.invites.create()
  const role = await server.roles.create({ name: 'Regulars' })
  const { secret } = parseInviteLink(link).value
  const { signingKey } = inviteKeys(suite, secret)
  const { replica } = server
  let next = 0
  let joined = 0
  const join = async () => {
    const { user, credential, userKeys, device } = createAccount(suite, systemRandom, Date.now())
    const { generation, boxPublicKey } = userKeys.at(-1)
    const userKey = { generation, boxPublicKey }
    const signature = signJoin(suite, signingKey, server.id, user, userKey)
    const draft = draftJoin({ invite, credential, userKey, signature })
    const fields = replica.current.log.place(device.device, draft, Date.now())
    const { bytes } = signOperation(suite, device.signingKey, fields)
    const { refusal } = await replica.deliver('operations', [bytes], device.device)
    if (refusal !== undefined) throw new Error(`${refusal.rule}: ${refusal.reason}`)
    if (joined++ % ROLE_EVERY !== 0) return
    next++
    await role.grant(server.members.get(user))
  }
  const worker = async () => {
    while (next < count) {
      const index = next++
      await (index % joinEvery === 0 ? join() : channel.edit({ topic: `topic ${index}` }))
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  // Members publish by turns, which in a large server takes an hour at most (ND26).
  await replica.do(publishSnapshot)
}
