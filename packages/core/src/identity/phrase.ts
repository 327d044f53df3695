/**
 * ID1: the recovery phrase, 24 BIP39 words for 32 bytes of entropy R, and what follows from it.
 *
 * R is the entropy itself, not BIP39's PBKDF2 seed: there is no passphrase to add.
 */
import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { accept, type Random, refuse, type Verdict } from '../base/index.ts'
import { kdf, type Suite } from '../crypto/index.ts'
import type { RootSecret } from './contract.ts'
import { createGenesis } from './genesis.ts'
import { withSecrets } from './secret.ts'

const ENTROPY_BYTES = 32
const WORDS = 24
const known = new Set(wordlist)

/** 24 words from fresh randomness. */
export function createPhrase(random: Random): string {
  const entropy = random.bytes(ENTROPY_BYTES)
  const phrase = entropyToMnemonic(entropy, wordlist)
  entropy.fill(0)
  return phrase
}

/**
 * The root secret of a phrase as people type it: case, accents' form and spacing do not matter.
 *
 * Refusals (ID1) say what is wrong by position, never by word, since a word is part of the secret.
 */
export function rootFromPhrase(suite: Suite, phrase: string): Verdict<RootSecret> {
  const words = phrase.normalize('NFKD').toLowerCase().trim().split(/\s+/u)
  if (words.length !== WORDS)
    return refuse('ID1', `the phrase has ${words[0] === '' ? 0 : words.length} words; it needs ${WORDS}`)
  const wrong = words.flatMap((word, index) => (known.has(word) ? [] : [index + 1]))
  if (wrong.length > 0) {
    return refuse(
      'ID1',
      `${wrong.length === 1 ? 'word' : 'words'} ${wrong.join(', ')} of the phrase ${wrong.length === 1 ? 'is' : 'are'} not in the word list`
    )
  }
  let entropy: Uint8Array
  try {
    entropy = mnemonicToEntropy(words.join(' '), wordlist)
  } catch {
    return refuse(
      'ID1',
      'every word of the phrase is known but its checksum is wrong: a word is another one or in another place'
    )
  }
  const root = rootFromEntropy(suite, entropy)
  entropy.fill(0)
  return accept(root)
}

/** Root keys of R (ID1, ID2). */
export function rootFromEntropy(suite: Suite, entropy: Uint8Array): RootSecret {
  if (entropy.length !== ENTROPY_BYTES)
    throw new RangeError(`the phrase's entropy has ${ENTROPY_BYTES} bytes`)
  const signSeed = kdf(suite, entropy, 'root-sign')
  const signingKey = suite.signingKey(signSeed)
  signSeed.fill(0)
  const recoverySecret = kdf(suite, entropy, 'root-box')
  const genesis = createGenesis(suite, signingKey.publicKey, suite.x25519PublicKey(recoverySecret))
  return withSecrets(
    { user: genesis.user, genesis, signingKey },
    { recoverySecret, backupKey: kdf(suite, entropy, 'backup') }
  )
}
