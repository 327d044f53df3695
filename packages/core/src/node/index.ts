/** Node: the running peer (ND). Inbox, step, commit, emit. */
export * from './contract.ts'
export type { EquivocationReport, ForkedChain } from './equivocation.ts'
export type { UnopenedCause, UnopenedReport } from './unopened.ts'
export type { ReplicaQuestion } from './explain.ts'
export { createNode } from './node.ts'
export { serverObjects } from './objects.ts'
export { policyOf } from './operate-intent.ts'
export { EVENTS_KEPT_MAX, type EventRecord, type LoggedEvent } from './event-log.ts'
