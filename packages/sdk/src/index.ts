/** XCord for applications. */
export { createClient } from './node/create-client.ts'
export { isXcordError, XcordError, type ErrorCode, type PermissionName } from '@xcord/core'
export { verifyExplanation } from './node/verify-explanation.ts'
export {
  type BackupOwner,
  restoreBackup,
  type RestoreBackupInit,
  verifyBackup
} from './node/profile-backup.ts'
export { verifyProfile, type VerifyProfileOptions } from './node/verify-profile.ts'
export { verifyServerExport } from './node/verify-server-export.ts'
export type * from './backup-types.ts'
export type * from './explain-types.ts'
export type * from './types.ts'
export type * from './verify-types.ts'
export type * from './shapes.ts'
export type { IceServer, LinkStats, MediaEvent, MediaPort } from '@xcord/core/voice'
