/** Identity: who a person and a device are, and how either proves it (ID); the key store's bytes (KS). */
export * from './contract.ts'
export { createPhrase, rootFromPhrase } from './phrase.ts'
export { createGenesis, readGenesis } from './genesis.ts'
export { createDevice, deviceFromSeeds, deviceRid } from './device.ts'
export {
  DEVICE_NAME_BYTES_MAX,
  DEVICES_MAX,
  ENTRY_BYTES_MAX,
  genesisEntryId,
  proveEnrolment,
  proveSuccession,
  readEntry,
  signEntry,
  type EntryDraft
} from './entry.ts'
export {
  copyIdentityLog,
  createIdentityLog,
  decodeIdentityLog,
  encodeIdentityLog,
  IDENTITY_ENTRIES_MAX,
  IDENTITY_LOG_BYTES_MAX
} from './log.ts'
export {
  appendDevice,
  appendEntry,
  appendMoved,
  appendRevocation,
  appendRevokeAll,
  appendUserKey,
  type IdentitySigner
} from './append.ts'
export {
  createUserKey,
  openDeviceName,
  openUserKey,
  openUserKeys,
  sealDeviceName,
  sealUserKey,
  userKeyFromSeed,
  userKeyRecipients
} from './user-key.ts'
export {
  carriedEntries,
  createCredential,
  createIdentityProof,
  createRevocation,
  type ExpectedDevice,
  IDENTITY_PROOF_BYTES_MAX,
  verifyCredential,
  verifyIdentityEntry,
  verifyRevocation
} from './credential.ts'
export { safetyNumber } from './safety-number.ts'
export {
  compareProfiles,
  PROFILE_BYTES_MAX,
  type ProfileFields,
  readProfile,
  signProfile
} from './profile.ts'
export { type BackupContents, type BackupServer, openBackup, sealBackup } from './backup.ts'
export {
  type AccountOptions,
  accountFromKeyStore,
  createAccount,
  keyStoreContents,
  recoverAccount,
  type RecoverOptions,
  refreshAccount,
  renewUserKey
} from './account.ts'
export {
  checkCost,
  checkPassword,
  KeyStoreSlot,
  PASSWORD_COST_DEFAULT,
  PASSWORD_COST_LOW_MEMORY
} from './key-store-slots.ts'
export {
  changePassword,
  createKeyStore,
  databaseKeys,
  eraseKeyStore,
  KEY_STORE_BYTES_MAX,
  type KeyStoreOutline,
  openKeyStore,
  outlineKeyStore,
  setKeychainSlot,
  updateKeyStore
} from './key-store.ts'
export { keyStoreError } from './key-store-error.ts'
export {
  createLinkCode,
  LINK_CODE_MS,
  LINK_END_MS,
  LINK_PROOF_MS,
  LINK_TRIES_MAX,
  type LinkCode,
  parseLinkCode
} from './link-code.ts'
export { LINK_SIGNS, type LinkSign } from './link-signs.ts'
export { LINK_FRAME_BYTES_MAX, type LinkAgreement, type LinkConsent, LinkGiver, LinkTaker } from './link.ts'
export { appendLinkedDevice, linkedAccount } from './linked-account.ts'
