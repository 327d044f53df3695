/** What this device says, sealed for all members of a server (ND50). */
import { type ChannelId, idAs, type ServerId } from '../../base/index.ts'
import type { BodyOf } from '../../e2ee/index.ts'
import type { Envelope } from '../../graph/index.ts'
import { publishEphemeral } from '../replica/publish.ts'
import type { LiveReplica } from '../replica/replica.ts'

/** The channel that all members read. */
export function metaOf(server: ServerId): ChannelId {
  return idAs('c', server)
}

/** Undefined where no key is safe (EK10) and none is to be made. */
export async function sealPresence(
  replica: LiveReplica,
  presence: BodyOf<'presence'>,
  at: number,
  mayMake: boolean
): Promise<Envelope | undefined> {
  const meta = metaOf(replica.server)
  return await replica.do(work => {
    const { ring, deps } = work.state
    const found = ring.epochFor(deps.random, meta, at).kind
    return found === 'key' || mayMake ? publishEphemeral(work, meta, presence, at) : undefined
  })
}
