import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { idFromBytes } from '../../base/index.ts'
import { decodeHome, encodeHome } from './home-row.ts'

const fromHex = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'))
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

interface Vectors {
  readonly valid: readonly {
    readonly device: string
    readonly addresses: readonly string[]
    readonly bytes: string
  }[]
  readonly refuse: readonly { readonly note: string; readonly bytes: string }[]
}
const { valid, refuse } = JSON.parse(
  readFileSync(new URL('../../../../../docs/spec/vectors/node/home-rows.json', import.meta.url), 'utf8')
) as Vectors

describe('the way home of a linked device', () => {
  it('[ID10] vectors: is written and read as it is', () => {
    for (const { device, addresses, bytes } of valid) {
      const home = { device: idFromBytes('d', fromHex(device)), addresses }
      expect(toHex(encodeHome(home))).toBe(bytes)
      expect(decodeHome(fromHex(bytes))).toEqual(home)
    }
  })

  it.each(refuse)('[ID10] vectors: $note says nothing', ({ bytes }) => {
    expect(decodeHome(fromHex(bytes))).toBeUndefined()
  })

  it('[ID10] takes eight addresses along, and none that is too long', () => {
    const device = idFromBytes('d', new Uint8Array(32))
    const many = Array.from({ length: 12 }, (_, at) => `/ip4/192.0.2.1/tcp/${at}`)
    const read = decodeHome(encodeHome({ device, addresses: ['x'.repeat(257), ...many] }))
    expect(read?.addresses).toEqual(many.slice(0, 8))
  })
})
