/** ID2: the tuple that names a person. The phrase alone rebuilds it, and nothing in it can be equivocated. */
import { accept, idFromBytes, refuse, type Verdict } from '../base/index.ts'
import { labelledHash, type Suite } from '../crypto/index.ts'
import { anything, array, bytes, codec, literal, tuple } from '../encoding/index.ts'
import type { Genesis } from './contract.ts'

const KEY_BYTES = 32
/** Room for nothing but what suite 1 has. */
const GENESIS_BYTES_MAX = 128

const genesisCodec = codec(
  tuple({
    version: literal(1),
    suite: literal(1),
    rootPublicKey: bytes(KEY_BYTES),
    recoveryPublicKey: bytes(KEY_BYTES),
    // Keys of later suites; suite 1 has none.
    further: array(anything, 0)
  }),
  { rule: 'ID2', maxBytes: GENESIS_BYTES_MAX, maxDepth: 2 }
)

/** Makes the genesis of two public keys. */
export function createGenesis(
  suite: Suite,
  rootPublicKey: Uint8Array,
  recoveryPublicKey: Uint8Array
): Genesis {
  const encoded = genesisCodec.encode({ version: 1, suite: 1, rootPublicKey, recoveryPublicKey, further: [] })
  return {
    user: idFromBytes('u', labelledHash(suite, 'user', encoded)),
    rootPublicKey,
    recoveryPublicKey,
    bytes: encoded
  }
}

/** How bytes are read. */
export interface ReadOptions {
  /** From our own store, where they came only once verified: keys and signatures are not looked at again. */
  readonly trusted?: boolean
}

/** Reads a genesis; its root key passes CR5. */
export function readGenesis(
  suite: Suite,
  encoded: Uint8Array,
  { trusted = false }: ReadOptions = {}
): Verdict<Genesis> {
  const decoded = genesisCodec.decode(encoded)
  if (!decoded.ok) return decoded
  const { rootPublicKey, recoveryPublicKey } = decoded.value
  if (!trusted && !suite.isEnrollable(rootPublicKey))
    return refuse('CR5', 'the root key is not a usable Ed25519 key')
  return accept({
    user: idFromBytes('u', labelledHash(suite, 'user', encoded)),
    rootPublicKey,
    recoveryPublicKey,
    bytes: encoded
  })
}
