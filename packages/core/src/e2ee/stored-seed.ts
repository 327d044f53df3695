/** Seeds as they are stored, inside values that the database seals (KS7). */
import { accept, refuse, type Verdict } from '../base/index.ts'
import { bytes, codec, literal, tuple, uint } from '../encoding/index.ts'
import { idSchema } from './body.ts'
import type { KeyScope, StoredSeed } from './contract.ts'
import { storedSeed } from './derive.ts'
import { KeyRecordKind } from './key-record.ts'

const seedCodec = codec(
  tuple({
    version: literal(1),
    keyId: idSchema('e'),
    kind: uint(3, 1),
    scope: bytes(32),
    index: uint(65_535),
    seed: bytes(32)
  }),
  { rule: 'EK2', maxBytes: 256 }
)
const channelSchema = idSchema('c')
const roleSchema = idSchema('r')

/** tuple[1, keyId, kind, scope, bucket index, seed]. Secret. */
export function encodeStoredSeed(stored: StoredSeed): Uint8Array {
  const { scope } = stored
  return seedCodec.encode({
    version: 1,
    keyId: stored.keyId,
    kind: KeyRecordKind[scope.kind],
    index: scope.kind === 'bucket' ? scope.index : 0,
    seed: stored.seed,
    scope: (scope.kind === 'epoch'
      ? channelSchema.write(scope.channel)
      : roleSchema.write(scope.role)) as Uint8Array
  })
}

/** Reads a stored seed back. */
export function decodeStoredSeed(input: Uint8Array): Verdict<StoredSeed> {
  const decoded = seedCodec.decode(input)
  if (!decoded.ok) return decoded
  const { keyId, kind, scope, index, seed } = decoded.value
  const of = scopeFrom(kind, scope, index)
  return of === undefined ? refuse('EK2', 'no such scope') : accept(storedSeed(keyId, of, seed))
}

function scopeFrom(kind: number, scope: Uint8Array, index: number): KeyScope | undefined {
  if (kind === KeyRecordKind.epoch) return { kind: 'epoch', channel: channelSchema.read(scope, 'scope') }
  const role = roleSchema.read(scope, 'scope')
  return kind === KeyRecordKind.role
    ? { kind: 'role', role }
    : kind === KeyRecordKind.bucket
      ? { kind: 'bucket', role, index }
      : undefined
}
