/** What sync tells of a server, as it concerns the node: who matched, how far it is, what was offered. */
import type { ServerId } from '../../base/index.ts'
import type { LiveEvent } from '../contract.ts'
import { hearFarewell } from '../joining/farewell.ts'
import type { LiveReplica } from '../replica/replica.ts'
import type { MeteredLine } from './metered-line.ts'
import type { SyncNews } from './sync-host.ts'

export interface SyncHearer {
  readonly line: MeteredLine
  judge(replica: LiveReplica): void
  emit(event: LiveEvent): void
  wake(server: ServerId): void
  fault(error: unknown): void
}

export function hearSync(hearer: SyncHearer, replica: LiveReplica, news: SyncNews): void {
  switch (news.type) {
    case 'matched':
      hearer.judge(replica)
      return
    case 'progress':
      hearer.emit(hearer.line.told(replica.server, news))
      return
    case 'parted':
      hearFarewell(replica, news.device, hearer.fault)
      return
    case 'offered':
      replica.confirm(news.device, news.numbers)
      return
    case 'operations':
      replica.current.operationsTold = true
      hearer.wake(replica.server)
      return
    case 'caught-up':
      replica.current.caughtUp = true
      hearer.wake(replica.server)
      return
    default:
      hearer.wake(replica.server)
  }
}
