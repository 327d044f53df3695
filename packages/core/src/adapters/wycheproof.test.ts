/** The runner of the Wycheproof collection, with files of its form that are made here: the collection is not ours to keep. */
import { execFileSync, spawnSync } from 'node:child_process'
import { type CipherGCM, createCipheriv, createHmac, hkdfSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createNodeSuite } from './crypto-node/index.ts'

const SCRIPT = fileURLToPath(new URL('../../../../scripts/wycheproof.mjs', import.meta.url))
const suite = await createNodeSuite()
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const fill = (value: number, length = 32): Uint8Array => new Uint8Array(length).fill(value)

type Case = Record<string, string | number>
interface Group extends Record<string, unknown> {
  readonly tests: Case[]
}

function aead(name: string, ivBytes: number): [Group, Group] {
  const [key, iv, aad, msg] = [fill(1), fill(2, ivBytes), fill(3, 5), fill(4, 20)]
  let sealed: Uint8Array
  if (name === 'xchacha20_poly1305') sealed = suite.xchachaSeal(key, iv, aad, msg)
  else {
    const cipher = createCipheriv(name === 'aes_gcm' ? 'aes-256-gcm' : 'chacha20-poly1305', key, iv, {
      authTagLength: 16
    } as never) as CipherGCM
    cipher.setAAD(aad, { plaintextLength: msg.length })
    sealed = Buffer.concat([cipher.update(msg), cipher.final(), cipher.getAuthTag()])
  }
  const test = {
    key: hex(key),
    iv: hex(iv),
    aad: hex(aad),
    msg: hex(msg),
    ct: hex(sealed.subarray(0, -16)),
    tag: hex(sealed.subarray(-16)),
    result: 'valid'
  }
  const size = { keySize: 256, tagSize: 128 }
  return [
    { ...size, ivSize: ivBytes * 8, tests: [test, { ...test, tag: hex(fill(9, 16)), result: 'invalid' }] },
    { ...size, ivSize: 64, tests: [{ ...test, iv: hex(fill(2, 8)) }] }
  ]
}

/** A collection of a few cases each, all of which hold. */
function collection(): Record<string, { algorithm: string; testGroups: Group[] }> {
  const signer = suite.signingKey(fill(5))
  const mine = suite.x25519PublicKey(fill(6))
  const derived = new Uint8Array(hkdfSync('sha256', fill(8), fill(9), fill(10), 42))
  const mac = createHmac('sha256', fill(8)).update(fill(9)).digest()
  return {
    ed25519: {
      algorithm: 'EDDSA',
      testGroups: [
        {
          publicKey: { pk: hex(signer.publicKey) },
          tests: [
            { msg: '00', sig: hex(signer.sign(fill(0, 1))), result: 'valid' },
            { msg: '01', sig: hex(signer.sign(fill(0, 1))), result: 'invalid' }
          ]
        }
      ]
    },
    x25519: {
      algorithm: 'XDH',
      testGroups: [
        {
          tests: [
            {
              public: hex(mine),
              private: hex(fill(7)),
              shared: hex(suite.x25519(fill(7), mine) as Uint8Array),
              result: 'valid'
            },
            { public: hex(fill(0)), private: hex(fill(7)), shared: hex(fill(0)), result: 'acceptable' }
          ]
        }
      ]
    },
    chacha20_poly1305: { algorithm: 'CHACHA20-POLY1305', testGroups: aead('chacha20_poly1305', 12) },
    xchacha20_poly1305: { algorithm: 'XCHACHA20-POLY1305', testGroups: aead('xchacha20_poly1305', 24) },
    aes_gcm: { algorithm: 'AES-GCM', testGroups: aead('aes_gcm', 12) },
    hkdf_sha256: {
      algorithm: 'HKDF-SHA-256',
      testGroups: [
        {
          tests: [
            {
              ikm: hex(fill(8)),
              salt: hex(fill(9)),
              info: hex(fill(10)),
              size: 42,
              okm: hex(derived),
              result: 'valid'
            }
          ]
        }
      ]
    },
    hmac_sha256: {
      algorithm: 'HMACSHA256',
      testGroups: [
        {
          tagSize: 128,
          tests: [{ key: hex(fill(8)), msg: hex(fill(9)), tag: hex(mac.subarray(0, 16)), result: 'valid' }]
        }
      ]
    }
  }
}

describe('the runner of Wycheproof', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'xcord-wycheproof-'))
  })
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  const run = (files: ReturnType<typeof collection>): { status: number | null; said: string } => {
    for (const [name, { algorithm, testGroups }] of Object.entries(files)) {
      let tcId = 0
      const groups = testGroups.map(group => ({
        ...group,
        tests: group.tests.map(test => ({ tcId: ++tcId, comment: 'made here', ...test }))
      }))
      writeFileSync(join(folder, `${name}_test.json`), JSON.stringify({ algorithm, testGroups: groups }))
    }
    const args = ['--conditions=xcord-source', SCRIPT, '--no-chromium', folder]
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    return { status, said: `${stdout}${stderr}` }
  }

  it('[CR1, CR7] counts what both providers decide, and what they have to refuse apart', () => {
    const { status, said } = run(collection())
    expect(status, said).toBe(0)
    expect(said).toContain('30 cases at 2 providers, 0 decided otherwise')
    expect(said).toMatch(/aes_gcm +3 cases, 2 decided, apart: 1 nonces of other than 96 bits/)
    expect(said).toContain('not asked: Chromium')
  })

  it('[CR1, CR6, CR7] ends with 1 on each kind of difference, by its number', () => {
    const files = collection()
    for (const { testGroups } of Object.values(files)) {
      const test = testGroups[0]?.tests[0] as Case
      // What is said to hold does not, or the other way round.
      const at = ['sig', 'shared', 'tag', 'okm'].find(each => each in test) as string
      test[at] = `${String(test[at]).slice(0, -2)}${String(test[at]).endsWith('00') ? '01' : '00'}`
    }
    const { status, said } = run(files)
    expect(status).toBe(1)
    expect(said.match(/DIFFERS .* 1 \(made here\)/g)).toHaveLength(14)
    expect(said).toContain('14 decided otherwise')
  })

  it('[CR7] a collection of which a file is missing is no collection, and no folder is a question', () => {
    const files = collection()
    delete files['hkdf_sha256']
    expect(run(files)).toMatchObject({ status: 1, said: expect.stringContaining('hkdf_sha256_test.json') })
    expect(() =>
      execFileSync(process.execPath, ['--conditions=xcord-source', SCRIPT], { stdio: 'pipe' })
    ).toThrow(/npm run wycheproof/)
  })
})
