import { createRequire } from 'node:module'

const read = createRequire(import.meta.url)

/** Version of this package. */
export const VERSION = (read('../package.json') as { readonly version: string }).version

/** Version of the formats peers speak: envelope v1, operation v1. */
export const WIRE_VERSION = 1
