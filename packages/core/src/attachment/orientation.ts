/** The one thing of an image's metadata that a picture needs: which way is up (Exif tag 0x0112, TIFF 6.0). */

const ORIENTATION_TAG = 0x0112
const SHORT = 3
const ENTRY_BYTES = 12
/** Entries of the first directory that are looked at; cameras write some twenty. */
const ENTRIES_MAX = 512

/** 1 (upright) to 8; 1 where nothing else is said in a form we read. */
export function orientationOf(tiff: Uint8Array): number {
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.length)
  if (tiff.length < 8) return 1
  const order = view.getUint16(0)
  const little = order === 0x4949
  if ((!little && order !== 0x4d4d) || view.getUint16(2, little) !== 42) return 1
  const directory = view.getUint32(4, little)
  if (directory + 2 > tiff.length) return 1
  const count = Math.min(view.getUint16(directory, little), ENTRIES_MAX)
  for (let entry = 0; entry < count; entry++) {
    const at = directory + 2 + entry * ENTRY_BYTES
    if (at + ENTRY_BYTES > tiff.length) return 1
    if (view.getUint16(at, little) !== ORIENTATION_TAG) continue
    const value = view.getUint16(at + 8, little)
    return view.getUint16(at + 2, little) === SHORT && value >= 1 && value <= 8 ? value : 1
  }
  return 1
}

/** A TIFF block that says an orientation and nothing else. */
export function orientationBlock(orientation: number): Uint8Array {
  const block = new Uint8Array(8 + 2 + ENTRY_BYTES + 4)
  const view = new DataView(block.buffer)
  view.setUint32(0, 0x4d4d_002a)
  view.setUint32(4, 8)
  view.setUint16(8, 1)
  view.setUint16(10, ORIENTATION_TAG)
  view.setUint16(12, SHORT)
  view.setUint32(14, 1)
  view.setUint16(18, orientation)
  return block
}
