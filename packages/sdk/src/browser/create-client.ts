/** `createClient` for browsers: IndexedDB, libsodium, libp2p by WebSockets, circuits and WebRTC. */
import { XcordError } from '@xcord/core'
import { createPageEngine } from '@xcord/core/adapters/media-browser'
import { pageClock, pageRandom, pageTimers } from '@xcord/core/adapters/runtime-browser'
import type { Suite } from '@xcord/core/crypto'
import { linkDeviceOver, type LinkDeviceInit } from '../link-device.ts'
import { openClient, type Platform } from '../open-client.ts'
import type { OpenableStore } from '../profile-store.ts'
import type { Client, ClientInit } from '../types.ts'
import { indexedDb } from './indexed-db.ts'
import { transportOf } from './transport.ts'

/** Loaded on demand: half as large as everything else together. */
export async function createSuite(): Promise<Suite> {
  const { createSodiumSuite } = await import('@xcord/core/adapters/crypto-sodium')
  try {
    return await createSodiumSuite()
  } catch (error) {
    // A page's content security policy forbids what libsodium is made of.
    if (!(error instanceof WebAssembly.CompileError) && !/wasm|WebAssembly/i.test(String(error))) throw error
    throw new XcordError(
      'XCORD_USAGE',
      "This page may not run WebAssembly: allow 'wasm-unsafe-eval' in its content security policy.",
      { argument: 'Content-Security-Policy' },
      { cause: error }
    )
  }
}

const pagePlatform: Platform = {
  clock: pageClock,
  random: pageRandom,
  timers: pageTimers,
  deviceName: 'browser',
  manages: false,
  createSuite,
  transportOf,
  createMedia: createPageEngine
}

/**
 * Opens a profile (making its identity where there is none) and goes online, unless told not to. Without `store` it is
 * kept in this origin's IndexedDB, without a password.
 *
 * Errors: XCORD_NO_PROFILE, XCORD_KEYSTORE_REFUSED, XCORD_KEYSTORE_LOCKED, XCORD_KEYSTORE_INVALID, XCORD_NEWER_VERSION,
 * XCORD_PROFILE_IN_USE (another tab), XCORD_PHRASE_INVALID, XCORD_ADDRESS_INVALID, XCORD_DISK_FULL, XCORD_STORE_FAILED
 * (storage denied, or the page is not served securely).
 *
 * @example
 * await using client = await createClient({ profile: { name: 'Ada' }, store: indexedDb('ada', { password }) })
 */
export async function createClient(init: ClientInit = {}): Promise<Client> {
  // Loading and opening beside each other.
  if (init.network !== false) import('@xcord/core/adapters/libp2p/browser').catch(() => undefined)
  return await openClient(pagePlatform, init, (init.store ?? indexedDb('default')) as OpenableStore)
}

/**
 * Waits to be linked, keeps the identity it is given, and opens it.
 *
 * Errors: XCORD_PROFILE_EXISTS, XCORD_LINK_REFUSED.
 */
export async function linkDevice(init: LinkDeviceInit): Promise<Client> {
  return await linkDeviceOver(pagePlatform, init)
}
