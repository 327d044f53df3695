/** What the pages of the tests load: the SDK as an application gets it, and what lies below it. */
import { createSodiumSuite } from '@xcord/core/adapters/crypto-sodium'
import { tonesHeard } from '@xcord/core/audio'
import { openIndexedStore } from '@xcord/core/adapters/indexeddb'
import * as sdk from '@xcord/sdk/browser'
import { outcomes } from './outcomes.fixture.ts'

const page = {
  ...sdk,
  createSodiumSuite,
  openIndexedStore,
  outcomes,
  tonesHeard,
  fromHex: (text: string) => Uint8Array.from(text.match(/../g) ?? [], each => Number.parseInt(each, 16)),
  toHex: (bytes: Uint8Array) => Array.from(bytes, each => each.toString(16).padStart(2, '0')).join('')
}

/** As `evaluate` sees it. */
export type Page = typeof page

declare global {
  var xcord: Page
  /** What a test keeps in its page from one step to the next. */
  var kept: { client: sdk.Client; session: sdk.VoiceSession; sound: sdk.Sound; loudness?: () => number }
}

globalThis.xcord = page
globalThis.kept = {} as typeof kept
document.title = 'ready'
