/** Places for profiles in Node. */
export { createClient, createProfile, type MadeProfile } from './create-client.ts'
export { folder, type FolderOptions, hasProfile } from './folder.ts'
export { memory } from '../profile/memory.ts'
export { linkDevice } from './link-device.ts'
export type { LinkDeviceInit } from '../link-device.ts'
export { resetPassword, type ResetPasswordInit } from './reset-password.ts'
export { connectSound, type Sound, type SoundInit } from './sound.ts'
