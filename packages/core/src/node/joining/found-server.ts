/** A server begins: its genesis (AU12), its first channels, its founder's profile. */
import type { ServerId } from '../../base/index.ts'
import { draftChannelCreate, positionBetween, signGenesis } from '../../authority/index.ts'
import { operate } from '../replica/operate.ts'
import type { ReplicaRegistry } from '../registry.ts'
import type { LiveReplica } from '../replica/replica.ts'
import type { ReplicaDeps } from '../replica/replica-state.ts'
import type { Work } from '../replica/work.ts'

export interface FoundServerInit {
  readonly deps: Pick<ReplicaDeps, 'suite' | 'random' | 'clock' | 'account'>
  readonly registry: ReplicaRegistry
  /** Shows the new replica to the network. */
  online(replica: LiveReplica): void
  /** Says the founder's profile (ID13). */
  readonly profiles: { tell(work: Work): void }
}

/** Founds a server. */
export async function foundServer(
  { deps, registry, online, profiles }: FoundServerInit,
  server: { readonly name: string; readonly channels: readonly string[] }
): Promise<ServerId> {
  const { suite, random, clock, account } = deps
  const { device, signingKey } = account.device
  const userKey = account.userKeys.at(-1)
  if (userKey === undefined) throw new RangeError('an account without user key')
  const genesis = signGenesis(suite, signingKey, device, {
    name: server.name,
    credential: account.credential,
    userKey: { generation: userKey.generation, boxPublicKey: userKey.boxPublicKey },
    nonce: random.bytes(16),
    at: clock.now()
  })
  const replica = await registry.found({
    server: genesis.server,
    genesis,
    secret: null,
    topicSecret: null,
    addresses: []
  })
  online(replica)
  await replica.do(work => {
    let last = new Uint8Array(0)
    for (const name of server.channels) {
      last = (positionBetween(last, null, random.bytes(1)[0] as number) ?? last) as Uint8Array<ArrayBuffer>
      operate(work, draftChannelCreate({ kind: 'text', name, position: last }))
    }
    profiles.tell(work)
  })
  return replica.server
}
