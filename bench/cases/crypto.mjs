import { figure } from '../harness/figure.mjs'
import { withPeers } from '../harness/peer.mjs'
import { column, interleave } from '../harness/rounds.mjs'

const ROUNDS = 7

export const crypto = {
  name: 'crypto',
  title: 'Primitives',
  what: 'Suite 1 for Node on 200-byte messages, keys imported before: Ed25519 behind the strict rule (CR6), XChaCha20-Poly1305; CPU time of the thread. The floor of sign and verify is node:crypto alone with an imported key.',
  run: async ({ note }) =>
    await withPeers(['primitives'], async peer => {
      await peer.call('start')
      const sides = ['sign', 'verify', 'seal', 'open', 'nativeSign', 'nativeVerify']
      const found = await interleave(
        ROUNDS,
        Object.fromEntries(sides.map(side => [side, () => peer.call('time', { side, ms: 150 })])),
        note
      )
      const samples = side => column(found[side], each => each)
      return [
        figure({ name: 'sign', unit: 'µs', samples: samples('sign'), floor: samples('nativeSign') }),
        figure({ name: 'verify', unit: 'µs', samples: samples('verify'), floor: samples('nativeVerify') }),
        figure({ name: 'seal', unit: 'µs', samples: samples('seal') }),
        figure({ name: 'open', unit: 'µs', samples: samples('open') })
      ]
    })
}
