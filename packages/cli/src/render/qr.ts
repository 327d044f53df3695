/** A QR code as text, for a camera in front of a terminal. */
import { renderUnicodeCompact } from 'uqr'

/** Two rows of modules in each line; quiet zone included. */
export function qrCode(text: string): string {
  return renderUnicodeCompact(text, { ecc: 'L', border: 2 })
}
