/** One linking (ID10), frame by frame, from a fixed seed. */
import type { Verdict } from '../src/base/index.ts'
import type { Suite } from '../src/crypto/index.ts'
import {
  appendLinkedDevice,
  createAccount,
  createDevice,
  createLinkCode,
  encodeIdentityLog,
  LINK_SIGNS,
  LinkGiver,
  LinkTaker
} from '../src/identity/index.ts'
import { flipLast, seededRandom, toHex } from './vector-tools.ts'

const AT = 1_764_000_000_000

function value<T>(verdict: Verdict<T>): T {
  if (!verdict.ok) throw new TypeError(`${verdict.rule}: ${verdict.reason}`)
  return verdict.value
}

/** The content of links.json. */
export function links(suite: Suite): object {
  const random = seededRandom('linking')
  const account = createAccount(suite, random, AT)
  const device = createDevice(suite, random)
  const code = createLinkCode(random, device, ['/ip4/192.0.2.7/tcp/4001'])
  const { genesis } = account.log
  const giver = new LinkGiver(suite, random, { code, device: account.device.device, genesis })
  const taker = new LinkTaker(suite, random, { code, device, old: account.device.device })
  const f1 = giver.begin()
  const f2 = value(taker.commit(f1))
  const f3 = value(giver.reveal(f2))
  const f4 = value(taker.reveal(f3))
  const { frame: f5, signs } = value(giver.prove(f4))
  value(taker.prove(f5))
  const f6 = taker.consent({ manage: true, name: 'phone' })
  const consent = value(giver.consent(f6))
  appendLinkedDevice(suite, random, account.log, account.device, account.userKeys.at(-1), consent)
  const { userKeys } = account
  const log = encodeIdentityLog(account.log)
  const f7 = giver.give(random, { log, servers: [], userKeys, contacts: [], extensions: [] })
  return {
    title: 'Linking a device',
    rules: 'ID10',
    signs: LINK_SIGNS.map(each => each.name),
    code: code.text,
    codeBytes: toHex(code.bytes),
    secret: toHex(code.secret),
    oldDevice: account.device.device,
    newDevice: device.device,
    newSignSeed: toHex(device.signSeed),
    newBoxSecret: toHex(device.boxSecret),
    user: account.user,
    frames: [f1, f2, f3, f4, f5, f6, f7, taker.end()].map(toHex),
    shown: signs.map(each => each.name),
    log: toHex(log),
    refuseCodes: [
      { note: 'cut short', code: code.text.slice(0, -4), rule: 'ID10' },
      { note: 'no code', code: 'xcord:#j1.AAAA', rule: 'ID10' },
      { note: 'a secret of 15 bytes', code: shorterSecret(code.bytes), rule: 'ID10' }
    ],
    refuseAtNew: [
      { note: 'another nonce than was committed to', step: 3, frame: toHex(flipNonce(f3)), rule: 'ID10' },
      { note: 'a proof by another secret', step: 5, frame: toHex(flipLast(f5)), rule: 'ID10' },
      { note: 'altered', step: 7, frame: toHex(flipLast(f7)), rule: 'ID10' }
    ]
  }
}

/** Bytes 4 to 19 of frame 3 are the nonce: tuple head, version, step, and the nonce's own head come before. */
function flipNonce(frame: Uint8Array): Uint8Array {
  const copy = frame.slice()
  copy[4] = (copy[4] as number) ^ 1
  return copy
}

/** The same code with a byte of its secret taken out and its length told. */
function shorterSecret(code: Uint8Array): string {
  const at = 1 + 1 + 34 + 34
  const copy = [...code]
  copy[at] = 0x4f
  copy.splice(at + 1, 1)
  return `xcord-link-${Buffer.from(copy).toString('base64url')}`
}
