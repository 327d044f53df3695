/** The checksum of LevelDB's files: CRC-32C (Castagnoli), masked. */
const MASK_DELTA = 0xa282ead8

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  return crc >>> 0
})

/** What a sum begins with. */
export const FRESH_SUM = -1

/** A sum with one byte more. */
export function nextSum(sum: number, byte: number): number {
  return (TABLE[(sum ^ byte) & 0xff] as number) ^ (sum >>> 8)
}

/** A sum as files have it. */
export function maskedSum(sum: number): number {
  const crc = ~sum >>> 0
  return (((crc >>> 15) | (crc << 17)) + MASK_DELTA) >>> 0
}
