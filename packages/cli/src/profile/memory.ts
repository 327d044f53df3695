/** What the command line remembers between runs: ids only, and only for convenience. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

export interface Memory {
  /** Id of the server used last. */
  readonly server?: string
}

/** A damaged or absent file remembers nothing. */
export function readMemory(path: string): Memory {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'))
    const server = typeof value === 'object' && value !== null && 'server' in value ? value.server : undefined
    return typeof server === 'string' ? { server } : {}
  } catch {
    return {}
  }
}

/** Best effort: forgetting costs a flag, not a message. */
export function writeMemory(path: string, memory: Memory): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    writeFileSync(path, `${JSON.stringify(memory)}\n`, { mode: 0o600 })
  } catch {
    // Read-only home, full disk: the verb itself must not fail for this.
  }
}
