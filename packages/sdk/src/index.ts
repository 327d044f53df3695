/** XCord for applications. */
export { createClient } from './node/create-client.ts'
export { isXcordError, XcordError, type ErrorCode, type PermissionName } from '@xcord/core'
export { verifyServerExport } from './node/verify-server-export.ts'
export type * from './types.ts'
export type * from './shapes.ts'
