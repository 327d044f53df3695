/**
 * `Idempotency-Key` on POST: the first answer under a key is the answer to every repetition, so that a client
 * that lost an answer may ask again without sending twice. Keys live as long as the process.
 */
import { createHash } from 'node:crypto'
import { usage } from '../errors/outcome.ts'

/** Keys remembered; the oldest settled ones make room. */
export const IDEMPOTENCY_KEYS_MAX = 1_000
/** Bytes of a key. */
export const IDEMPOTENCY_KEY_BYTES_MAX = 255

export interface Answer {
  readonly status: number
  readonly payload: string
  readonly type: string
}

interface Entry {
  readonly request: string
  readonly answer: Promise<Answer | undefined>
  readonly settle: (answer: Answer | undefined) => void
  settled: boolean
}

export interface Idempotency {
  /**
   * @returns The earlier answer, or undefined where this request is the first and must settle the key.
   * @throws XCORD_USAGE where the key served another request.
   */
  claim(key: string, method: string, url: string, body: unknown): Promise<Answer | undefined>
  /** The first request's answer; undefined (a fault of ours) frees the key. */
  settle(key: string, answer: Answer | undefined): void
}

export function createIdempotency(): Idempotency {
  const entries = new Map<string, Entry>()

  function makeRoom() {
    if (entries.size < IDEMPOTENCY_KEYS_MAX) return
    for (const [key, entry] of entries) {
      if (!entry.settled) continue
      entries.delete(key)
      return
    }
  }

  async function claim(key: string, method: string, url: string, body: unknown): Promise<Answer | undefined> {
    if (key.length === 0 || Buffer.byteLength(key) > IDEMPOTENCY_KEY_BYTES_MAX) {
      throw usage('Idempotency-Key', `an Idempotency-Key has 1 to ${IDEMPOTENCY_KEY_BYTES_MAX} bytes`)
    }
    const request = createHash('sha256')
      .update(JSON.stringify([method, url, body ?? null]))
      .digest('hex')
    const found = entries.get(key)
    if (found === undefined) {
      makeRoom()
      let settle: Entry['settle'] = () => undefined
      const answer = new Promise<Answer | undefined>(resolve => {
        settle = resolve
      })
      entries.set(key, { request, answer, settle, settled: false })
      return undefined
    }
    if (found.request !== request)
      throw usage('Idempotency-Key', 'this Idempotency-Key served another request')
    return (await found.answer) ?? claim(key, method, url, body)
  }

  function settle(key: string, answer: Answer | undefined): void {
    const entry = entries.get(key)
    if (entry === undefined || entry.settled) return
    entry.settled = true
    if (answer === undefined) entries.delete(key)
    entry.settle(answer)
  }

  return { claim, settle }
}
