/**
 * Identity: who a person and a device are, and how either proves it (ID); the key store's bytes (KS).
 *
 * Functions that follow (signatures fixed, implementations arriving with the next commits):
 *
 * createPhrase(random): string; rootFromPhrase(suite, phrase): Verdict<RootSecret>
 * createDevice(suite, random): DeviceSecret; deviceFromSeeds(suite, signSeed, boxSeed): DeviceSecret
 * createIdentityLog(suite, genesis: Uint8Array): Verdict<IdentityLog>
 * encodeIdentityLog(log): Uint8Array; decodeIdentityLog(suite, bytes): Verdict<IdentityLog>
 * addDeviceEntry / revokeDeviceEntry / revokeAllEntry / userKeyEntry / movedEntry(suite, log, signer, ...): Uint8Array
 * createCredential(log, device): Uint8Array
 * verifyCredential(suite, bytes, expected?: { user?, device?, log? }): Verdict<Credential>
 * createRevocation(log, entryId): Uint8Array; verifyRevocation(suite, bytes, expected?): Verdict<Revocation>
 * createIdentityProof(log, entryId): Uint8Array; verifyIdentityEntry(suite, bytes, expected?): Verdict<IdentityEntry>
 * createUserKey / openUserKey / openUserKeys (suite, log, opener): UserKey[]
 * safetyNumber(suite, a: UserId, b: UserId): string
 * signProfile(suite, device, user, fields): Uint8Array; readProfile(suite, bytes, expected?): Verdict<Profile>
 * sealBackup / openBackup; createKeyStore / openKeyStore / updateKeyStore / changePassword; databaseKeys(suite, masterKey)
 * createAccount(suite, random, at, { deviceName?, manage? }): NewAccount
 * recoverAccount(suite, random, at, phrase, { log?, deviceName?, manage?, revokeOthers? }): Verdict<Account>
 * accountFromKeyStore(suite, contents): Verdict<Account>; keyStoreContents(account, extensions?): KeyStoreContents
 */
export * from './contract.ts'
