/** The values that EN1 knows. */
export type CborValue = number | Uint8Array | string | boolean | null | readonly CborValue[]
