/** Where a daemon serves figures: apart from what makes them, which is loaded where they are wanted. */
import { usage } from '../errors/outcome.ts'

/** Where figures are served. */
export interface MetricsAddress {
  readonly host: string
  readonly port: number
}

/** `127.0.0.1:9464`, `[::1]:9464`; a port alone is on this machine. XCORD_USAGE. */
export function metricsAddress(text: string): MetricsAddress {
  const found = /^(?:(\[[\da-fA-F:.]+\]|[^\s:[\]]+):)?(\d{1,5})$/.exec(text)
  const port = Number(found?.[2])
  if (found === null || port > 65_535)
    throw usage('--metrics', `--metrics must be an address such as 127.0.0.1:9464, not "${text}"`)
  return { host: (found[1] ?? '127.0.0.1').replace(/^\[|\]$/g, ''), port }
}
