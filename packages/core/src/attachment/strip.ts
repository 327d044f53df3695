/**
 * What pictures tell beside themselves goes before they leave (AT4): place, time, camera, owner, thumbnails of what was
 * cut away, and whatever was hung on behind the end. The picture's own bytes stay as they are.
 */
import { isJpeg, stripJpeg } from './strip-jpeg.ts'
import { isPng, stripPng } from './strip-png.ts'
import { isWebp, stripWebp } from './strip-webp.ts'

/** `unknown`: no format we read metadata of, left as it is. `broken`: such a format, but not whole: nothing was removed. */
export type Stripped =
  | { readonly kind: 'image'; readonly type: string; readonly bytes: Uint8Array }
  | { readonly kind: 'unknown' | 'broken' }

const FORMATS = [
  { type: 'image/jpeg', is: isJpeg, strip: stripJpeg },
  { type: 'image/png', is: isPng, strip: stripPng },
  { type: 'image/webp', is: isWebp, strip: stripWebp }
]

/** Removes metadata. What a file is, its bytes say: its name and its claimed type are anybody's. */
export function removeMetadata(bytes: Uint8Array): Stripped {
  const format = FORMATS.find(each => each.is(bytes))
  if (format === undefined) return { kind: 'unknown' }
  const stripped = format.strip(bytes)
  return stripped === undefined ? { kind: 'broken' } : { kind: 'image', type: format.type, bytes: stripped }
}
