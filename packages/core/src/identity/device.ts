/** ID3: a device's own keys. */
import { idFromBytes, type Random } from '../base/index.ts'
import type { SecretKey, Suite } from '../crypto/index.ts'
import type { DeviceSecret } from './contract.ts'
import { withSecrets } from './secret.ts'

const SEED_BYTES = 32
/** EK3: first bytes of the device that name its box. */
const RID_BYTES = 16

/** Makes a device: DSK and DBK from fresh randomness. */
export function createDevice(suite: Suite, random: Random): DeviceSecret {
  return deviceFromSeeds(suite, random.bytes(SEED_BYTES), random.bytes(SEED_BYTES))
}

/**
 * A device from its two secrets, as the key store keeps them. Both are kept, not copied.
 *
 * @throws RangeError unless each has 32 bytes.
 */
export function deviceFromSeeds(suite: Suite, signSeed: SecretKey, boxSecret: SecretKey): DeviceSecret {
  const signingKey = suite.signingKey(signSeed)
  const boxPublicKey = suite.x25519PublicKey(boxSecret)
  return withSecrets(
    { device: idFromBytes('d', signingKey.publicKey), signingKey, boxPublicKey },
    { boxSecret, signSeed }
  )
}

/** The rid under which boxes name a device: dev[0..16) (EK3). */
export function deviceRid(devicePublicKey: Uint8Array): Uint8Array {
  return devicePublicKey.slice(0, RID_BYTES)
}
