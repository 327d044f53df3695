/**
 * KS6 in browsers: one page per profile, since two would use one device's chain position twice. The Web Locks API
 * gives the lock up with the page, however that ends, and holds across tabs of one origin.
 */
import { XcordError } from '../../base/index.ts'

/** A hold. */
export interface PageLock {
  /** Gives it free; resolves once another page can have it. Repeatable. */
  release(): Promise<void>
}

/** How long a page that was just reloaded or closed may still hold what it held, ms. */
const PATIENCE_MS = 2_000

/**
 * Takes a lock of this origin.
 *
 * @throws XcordError XCORD_PROFILE_IN_USE while another page has it; XCORD_STORE_FAILED where the page is not served
 *   securely, so that there are no locks.
 */
export async function holdLock(name: string, path: string): Promise<PageLock> {
  if (!('locks' in navigator))
    throw new XcordError(
      'XCORD_STORE_FAILED',
      'This page is not served securely, so it may not keep anything. Serve it by HTTPS, or from localhost.',
      { operation: 'lock' }
    )
  let free: () => void = () => undefined
  const released = new Promise<void>(resolve => (free = resolve))
  const patience = new AbortController()
  const timer = setTimeout(() => patience.abort(), PATIENCE_MS)
  let held: Promise<unknown> = Promise.resolve()
  try {
    await new Promise<void>((taken, refused) => {
      held = navigator.locks.request(name, { signal: patience.signal }, async () => {
        taken()
        await released
      })
      held.catch(refused)
    })
  } catch (error) {
    throw new XcordError(
      'XCORD_PROFILE_IN_USE',
      `Another tab is using the profile ${path}. Close it first, or use another profile.`,
      { path },
      { cause: error }
    )
  } finally {
    clearTimeout(timer)
  }
  return {
    release: async () => {
      free()
      await held
    }
  }
}
