/** Node: the running peer (ND). Inbox, step, commit, emit. */
export * from './contract.ts'
export type { EquivocationReport, ForkedChain } from './equivocation.ts'
export type { UnopenedCause, UnopenedReport } from './unopened.ts'
export type { ReplicaQuestion } from './explain.ts'
export { createNode } from './node.ts'
export { verifyProfile, type VerifyProfileInit } from './verify/verify-profile.ts'
export {
  PROFILE_PROBLEM_CODES,
  type ProfileProblem,
  type ProfileProblemCode,
  type ProfileReport,
  type VerifiedServer
} from './verify/problems.ts'
export { type OpenedBackup, openProfileBackup, type RawRow } from './backup/profile-backup.ts'
export { type RestoredStore, settleRestored } from './backup/restored-servers.ts'
export { serverObjects } from './objects.ts'
export { policyOf } from './operate-intent.ts'
export { EVENTS_KEPT_MAX, type EventRecord, type LoggedEvent } from './event-log.ts'
export { ACCOUNT_ROWS, type AccountDevices, type OwnDevice } from './account-devices.ts'
export { type CompareSigns, type LinkedAccount, takeAccount } from './link-device.ts'
