import { XcordError } from '../../base/index.ts'
import type { ReplicaState } from './replica-state.ts'

/** Refuses to write where we are no member, or where the server has moved to a newer protocol (AU7). */
export function assertWritable(state: ReplicaState): void {
  if (state.log.needsNewer()) {
    throw new XcordError(
      'XCORD_NEWER_VERSION',
      'This server uses a newer version of XCord; update to write here. Reading goes on.',
      { what: 'server protocol', found: 2, supported: 1 }
    )
  }
  if (state.preview !== undefined) {
    const { log, claim } = state.preview
    throw new XcordError(
      'XCORD_VERIFYING',
      `${log.state().name} is still being verified: writing waits until all its operations are here.`,
      { server: state.server, held: state.log.count(), of: claim.count }
    )
  }
  if (!state.isMember())
    throw new XcordError('XCORD_NOT_A_MEMBER', 'You are not a member of this server.', {
      server: state.server
    })
}
