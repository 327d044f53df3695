/** The picture of a person (AT9): what may stand for one, as its row tells it and as its bytes are. */
import { accept, type BlobId, idFromBytes, idToBytes, refuse, type Verdict } from '../base/index.ts'
import { bytes, type CborValue, literal, readSchema, text, tuple, uint } from '../encoding/index.ts'
import type { SealedFile } from './form.ts'
import { PICTURE_TYPES, type Picture, pictureOf, type PictureType } from './picture.ts'
import { removeMetadata } from './strip.ts'

/** AT9: whoever shows a member list fetches many. */
export const AVATAR_BYTES_MAX = 262_144
/** AT9: either way, in pixels: a small file may unfold to a very large picture. */
export const AVATAR_PIXELS_MAX = 4_096
const TYPE_BYTES_MAX = 32

/** A sealed avatar, as a profile tells of it. */
export interface SealedAvatar extends SealedFile {
  readonly type: PictureType
}

/** AT3, without a name. */
const row = tuple({
  blob: bytes(32),
  size: uint(AVATAR_BYTES_MAX, 1),
  type: text(TYPE_BYTES_MAX, 1),
  name: literal(''),
  noncePrefix: bytes(7),
  key: bytes(32),
  keyCommit: bytes(32)
})

/** What a profile says of an avatar; null for none. Nothing is fetched that this refuses. */
export function readAvatar(value: CborValue): Verdict<SealedAvatar | null> {
  if (value === null) return accept(null)
  const read = readSchema(row, value, 'AT9')
  if (!read.ok) return read
  const { blob, size, noncePrefix, key, keyCommit } = read.value
  const type = PICTURE_TYPES.find(each => each === read.value.type)
  if (type === undefined) return refuse('AT9', 'the avatar is said to be no picture')
  return accept({ blob: idFromBytes('b', blob), size, type, noncePrefix, key, keyCommit })
}

/** As a profile carries it. */
export function avatarRow({ blob, size, type, noncePrefix, key, keyCommit }: SealedAvatar): CborValue {
  return [idToBytes(blob), size, type, '', noncePrefix, key, keyCommit]
}

/** Whether two profiles show the same avatar. */
export function isSameAvatar(
  a: { readonly blob: BlobId } | null,
  b: { readonly blob: BlobId } | null
): boolean {
  return a?.blob === b?.blob
}

/** What comes out of a sealed avatar: a picture of the type that was said, and no larger than it may be. */
export function checkPicture(bytes: Uint8Array, type: PictureType): Verdict<Uint8Array> {
  const found = pictureOf(bytes)
  if (found === undefined) return refuse('AT9', 'the avatar is no picture')
  if (found.type !== type) return refuse('AT9', `the avatar is ${found.type}, not ${type}`)
  const wrong = sizeFault(found)
  return wrong === undefined ? accept(bytes) : refuse('AT9', wrong)
}

/** A picture of ours, ready to be sealed: without its metadata (AT4). */
export function prepareAvatar(
  bytes: Uint8Array
): Verdict<{ readonly bytes: Uint8Array; readonly type: PictureType }> {
  const found = pictureOf(bytes)
  if (found === undefined) return refuse('AT9', 'it is no PNG, JPEG, WebP or GIF')
  const wrong = sizeFault(found)
  if (wrong !== undefined) return refuse('AT9', wrong)
  const stripped = removeMetadata(bytes)
  if (stripped.kind === 'broken')
    return refuse('AT4', 'the picture is not whole, and its metadata cannot be removed')
  return accept({ bytes: stripped.kind === 'image' ? stripped.bytes : bytes, type: found.type })
}

function sizeFault({ width, height }: Picture): string | undefined {
  const fits = [width, height].every(each => each >= 1 && each <= AVATAR_PIXELS_MAX)
  return fits ? undefined : `it is ${width} by ${height} pixels; 1 to ${AVATAR_PIXELS_MAX} either way`
}
