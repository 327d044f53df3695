/** Times the primitives of the suite, and of node:crypto alone. */
import { generateKeyPairSync, sign, verify } from 'node:crypto'
import { createNodeSuite } from '@xcord/core/adapters/crypto-node'
import { serve, threadMs } from './serve.mjs'

const BATCH = 50
const message = new Uint8Array(200).fill(7)
const header = new Uint8Array(64).fill(1)
let sides

async function start() {
  const suite = await createNodeSuite()
  const key = suite.signingKey(new Uint8Array(32).fill(9))
  const signature = key.sign(message)
  const secret = new Uint8Array(32).fill(3)
  const nonce = new Uint8Array(24)
  const sealed = suite.xchachaSeal(secret, nonce, header, message)
  const native = generateKeyPairSync('ed25519')
  const nativeSignature = sign(null, message, native.privateKey)
  sides = {
    sign: () => key.sign(message),
    verify: () => suite.verify(key.publicKey, message, signature),
    seal: () => suite.xchachaSeal(secret, nonce, header, message),
    open: () => suite.xchachaOpen(secret, nonce, header, sealed),
    nativeSign: () => sign(null, message, native.privateKey),
    nativeVerify: () => verify(null, message, native.publicKey, nativeSignature)
  }
  for (const [name, run] of Object.entries(sides)) if (!run()) throw new Error(`${name} does not work`)
}

serve({
  start,
  /** Microseconds for one, over a time. */
  time: ({ side, ms }) => {
    const run = sides[side]
    const began = threadMs()
    let count = 0
    while (threadMs() - began < ms) {
      for (let each = 0; each < BATCH; each++) run()
      count += BATCH
    }
    return ((threadMs() - began) * 1_000) / count
  }
})
