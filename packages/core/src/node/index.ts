/** Node: the running peer (ND). Inbox, step, commit, emit. */
export * from './contract.ts'
export type { EquivocationReport, ForkedChain } from './intake/equivocation.ts'
export type { UnopenedCause, UnopenedReport } from './keys/unopened.ts'
export type { ReplicaQuestion } from './replica/explain.ts'
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
export { serverObjects } from './intents/objects.ts'
export { policyOf } from './intents/operate-intent.ts'
export { EVENTS_KEPT_MAX, type EventRecord, type LoggedEvent } from './event-log.ts'
export { ACCOUNT_ROWS, type AccountDevices, type OwnDevice } from './accounts/account-devices.ts'
export type { CompareSigns } from './accounts/link-stream.ts'
export { type LinkedAccount, takeAccount } from './accounts/take-account.ts'
