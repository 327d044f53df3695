/** Attachment: a file as sealed chunks under one address, and what images tell beside their picture (AT). */
export {
  AVATAR_BYTES_MAX,
  avatarRow,
  checkPicture,
  isSameAvatar,
  prepareAvatar,
  readAvatar,
  type SealedAvatar
} from './avatar.ts'
export type { PictureType } from './picture.ts'
export {
  ATTACHMENT_BYTES_MAX,
  CHUNK_BYTES,
  CHUNKS_MAX,
  chunkCount,
  type FileKey,
  LEAF_BYTES,
  PROOF_HASHES_MAX,
  type SealedFile,
  sealedChunkBytes,
  SEALED_CHUNK_BYTES_MAX
} from './form.ts'
export { leafOf, proofOf, provenRoot, rootOf } from './merkle.ts'
export { checkFile, checkPlace, openChunk, openProvenChunk } from './open.ts'
export { createFileKey, describeFile, sealChunk } from './seal.ts'
export { removeMetadata, type Stripped } from './strip.ts'
