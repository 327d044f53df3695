/**
 * Every KDF label (CR2), hash label and signature context (CR3) in one list: a label used twice, or one
 * that is the prefix of another, would let one object stand for another.
 */

/** KDF labels (CR2). */
export const KDF_LABELS = [
  'root-sign',
  'root-box',
  'backup',
  'vault-key',
  'vault-addr',
  'uk-box',
  'uk-back',
  'dev-name',
  'ks-payload',
  'ks-mac',
  'ks-slot',
  'db',
  'db-index',
  'role-box',
  'bucket-box',
  'key-id',
  'lbx',
  'gate',
  'topic-wrap',
  'back',
  'back-topic',
  'server-tag',
  'topic',
  'topic-key',
  'key-mask',
  'msg',
  'inv-sign',
  'inv-box',
  'inv-addr',
  'inv-pkg',
  'hello',
  'rendezvous',
  'provider',
  'att-commit',
  'inbox',
  'inbox-key',
  'sas'
] as const
/** A KDF label. */
export type KdfLabel = (typeof KDF_LABELS)[number]

/** Labels of hash(L, a, b). */
export const HASH_LABELS = [
  'user',
  'author',
  'commit',
  'uk',
  'safety',
  'bucket',
  'call-code',
  'link',
  'link-commit'
] as const
/** A hash label. */
export type HashLabel = (typeof HASH_LABELS)[number]

/** Signature contexts (CR3). */
export const SIGNATURE_CONTEXTS = [
  'op',
  'env',
  'key',
  'gate',
  'acl',
  'id',
  'enrol',
  'dpk',
  'prof',
  'chan',
  'join',
  'ask',
  'call',
  'conv',
  'rcpt',
  'pin',
  'node',
  'consent',
  'ckpt',
  'peer',
  'export'
] as const
/** A signature context. */
export type SignatureContext = (typeof SIGNATURE_CONTEXTS)[number]
