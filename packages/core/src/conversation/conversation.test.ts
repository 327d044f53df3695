/** DM1–DM4, DM7–DM10: a conversation as one device decides it. */
import { describe, expect, it } from 'vitest'
import { compareIds, idToBytes, type UserId } from '../base/index.ts'
import { appendRevocation } from '../identity/index.ts'
import { decodeStub, encodeStub, readEnvelope, verifyEnvelope } from '../graph/index.ts'
import {
  copyState,
  createConversation,
  emptyState,
  eraseKeys,
  grantAgain,
  grantsOwed,
  openHello,
  readContent,
  readConversation,
  readPrekey,
  recipientsOf,
  sealHello,
  takeEnvelope,
  takeStub
} from './index.ts'
import { DAY, heardTexts, HOUR, Party, random, START, suite, together } from './parties.fixture.ts'

const ruleOf = (verdict: { ok: boolean; rule?: string }): string | undefined => verdict.rule

/** Every envelope with one byte turned, at some places of each part. */
function* altered(bytes: Uint8Array): Generator<Uint8Array> {
  for (const at of [2, 5, 21, 40, 59, 70, 90, 120, bytes.length - 65, bytes.length - 1]) {
    const copy = bytes.slice()
    copy[at] = (copy[at] as number) ^ 1
    yield copy
  }
}

describe('what a conversation is', () => {
  it('[DM1] has one to ten accounts, in one form, signed by who began it', () => {
    const users = Array.from({ length: 10 }, () => new Party().user)
    const ada = new Party()
    const made = createConversation(suite, random, ada.secret.signingKey, [
      ...users.slice(1),
      ada.user,
      ada.user
    ])
    expect(readConversation(suite, made.bytes)).toEqual({ ok: true, value: made })
    expect(made.users).toEqual([...made.users].sort(compareIds))
    expect(() => createConversation(suite, random, ada.secret.signingKey, [...users, ada.user])).toThrow(
      RangeError
    )
    expect(() => createConversation(suite, random, ada.secret.signingKey, [])).toThrow(RangeError)
    for (const at of [1, 10, 200, made.bytes.length - 1])
      expect(
        ruleOf(
          readConversation(
            suite,
            made.bytes.map((byte, index) => (index === at ? byte ^ 1 : byte))
          )
        )
      ).toMatch(/DM1|EN1/)
    // The same people twice are two conversations.
    const again = createConversation(suite, random, ada.secret.signingKey, made.users)
    expect(again.id).not.toBe(made.id)
  })

  it('[DM4] is told to a device by a hello that only its prekey opens', () => {
    const [ada, grace, eve] = [new Party(), new Party(), new Party()]
    const genesis = createConversation(suite, random, ada.secret.signingKey, [ada.user, grace.user])
    const secret = random.bytes(32)
    const prekey = readPrekey(suite, grace.newest)
    if (!prekey.ok) throw new Error(prekey.reason)
    const hello = sealHello(suite, random, genesis, prekey.value, secret)
    expect(openHello(suite, genesis, grace.device, grace.prekeys, hello)).toEqual({ ok: true, value: secret })
    expect(ruleOf(openHello(suite, genesis, grace.device, eve.prekeys, hello))).toBe('DM4')
    const other = createConversation(suite, random, ada.secret.signingKey, [ada.user, grace.user])
    expect(ruleOf(openHello(suite, other, grace.device, grace.prekeys, hello))).toBe('DM4')
    for (const short of [hello.slice(1), hello.slice(0, -1), new Uint8Array(0)])
      expect(ruleOf(openHello(suite, genesis, grace.device, grace.prekeys, short))).toBe('DM4')
  })
})

describe('keys', () => {
  it('[DM2] one key serves 64 messages, a day, and one set of devices', () => {
    const [ada, grace] = [new Party(), new Party()]
    together(ada, grace)
    expect(ada.say('first', START)).toHaveLength(2)
    for (let n = 2; n <= 64; n++) expect(ada.say(`message ${n}`, START + n)).toHaveLength(1)
    expect(ada.say('the 65th', START + 65)).toHaveLength(2)
    expect(ada.say('soon after', START + HOUR)).toHaveLength(1)
    expect(ada.say('a day later', START + 65 + DAY)).toHaveLength(2)
    const phone = grace.another()
    ada.meet(phone)
    expect(ada.say('to her phone too', START + 66 + DAY)).toHaveLength(2)
    appendRevocation(suite, grace.account.log, grace.account.device, phone.device)
    expect(ada.say('and no longer', START + 67 + DAY)).toHaveLength(2)
    expect(heardTexts(grace.hear(ada, START + 67 + DAY))).toHaveLength(69)
    phone.state = emptyState(ada.state.genesis, ada.state.topicSecret)
    phone.logs.set(ada.user, ada.account.log)
    // A new device opens nothing from before, and nothing once it is put out.
    const seen = heardTexts(phone.hear(ada, START + 67 + DAY))
    expect(seen.filter(each => each !== null)).toEqual(['to her phone too'])
  })

  it('[DM2] takes nothing under a key that its author did not make', () => {
    const [ada, grace, eve] = [new Party(), new Party(), new Party()]
    together(ada, grace, eve)
    ada.say('mine', START)
    grace.hear(ada, START)
    eve.hear(ada, START)
    // Eve holds the key, and writes under it as if it were her own.
    const key = [...eve.state.epochs.values()][0]
    if (key === undefined) throw new Error('no key')
    const boxed = [ada, grace].map(each =>
      Buffer.from(idToBytes(each.device).subarray(0, 16)).toString('hex')
    )
    eve.state.epochs.set(key.keyId, { ...key, author: eve.device, boxed })
    expect(eve.say('as if it were mine', START)).toHaveLength(1)
    expect(grace.hear(eve, START)).toMatchObject([{ opened: { kind: 'nothing', refusal: { rule: 'DM2' } } }])
  })

  it('[DM3] a prekey serves a week, is kept a month, and nothing is sealed to one of 60 days', () => {
    const [ada, grace] = [new Party(), new Party()]
    together(ada, grace)
    const first = grace.newest
    grace.renew(START + 7 * DAY - 1)
    expect(grace.newest).toBe(first)
    grace.renew(START + 7 * DAY)
    expect(grace.newest).not.toBe(first)
    ada.say('to the older one', START + 8 * DAY)
    expect(heardTexts(grace.hear(ada, START + 30 * DAY))).toEqual(['to the older one'])
    grace.renew(START + 37 * DAY)
    const late = new Party(grace.account, grace.secret)
    late.prekeys = grace.prekeys
    late.state = emptyState(ada.state.genesis, ada.state.topicSecret)
    late.logs.set(ada.user, ada.account.log)
    expect(heardTexts(late.hear(ada, START + 37 * DAY))).toEqual([null])
    const skipped = (now: number): boolean =>
      recipientsOf(ada.state, ada.writer.directory, ada.device, now).every(each => each.prekey === undefined)
    expect([skipped(START + 60 * DAY - 1), skipped(START + 60 * DAY)]).toEqual([false, true])
    // One from far ahead would outlive its term.
    expect(skipped(START - DAY)).toBe(true)
    const read = readPrekey(suite, first)
    if (!read.ok) throw new Error(read.reason)
    for (const at of [3, 50, 90, 110, first.length - 1])
      expect(
        ruleOf(
          readPrekey(
            suite,
            first.map((byte, index) => (index === at ? byte ^ 1 : byte))
          )
        )
      ).toMatch(/DM3|EN1/)
  })

  it('[DM3] T15: past the limits, full device state and all envelopes open nothing', () => {
    const [ada, grace] = [new Party(), new Party()]
    together(ada, grace)
    const [, message] = ada.say('soon forgotten', START)
    grace.hear(ada, START)
    const later = START + 40 * DAY
    for (const party of [ada, grace]) {
      party.renew(START + 7 * DAY)
      party.renew(later)
    }
    ada.meet(grace)
    ada.say('anew', START + 8 * DAY)
    grace.hear(ada, START + 8 * DAY)
    expect(eraseKeys(copyState(grace.state), START + 8 * DAY + 14 * DAY - 1)).toEqual([])
    for (const party of [ada, grace]) {
      eraseKeys(party.state, later)
      const old = message?.taken.keyId
      const epoch = party.state.epochs.get(old as never)
      if (epoch === undefined || message === undefined) throw new Error('no key')
      expect(readContent({ suite }, party.state, message.envelope, epoch).kind).toBe('sealed')
    }
    // Nor by what the prekeys still open.
    const thief = new Party(grace.account, grace.secret)
    thief.prekeys = grace.prekeys
    thief.state = emptyState(ada.state.genesis, ada.state.topicSecret)
    thief.logs.set(ada.user, ada.account.log)
    expect(heardTexts(thief.hear(ada, later))[0]).toBeNull()
  })

  it('[DM8] whoever is met for the first time is granted what was written before; a further device is not', () => {
    const [ada, grace] = [new Party(), new Party()]
    together(ada, grace)
    ada.prekeysOf.clear()
    ada.say('before we met', START)
    expect(heardTexts(grace.hear(ada, START))).toEqual([null])
    ada.meet(grace)
    const granted = grantsOwed(ada.writer, ada.state, grace.user, START + 1)
    expect(granted).toHaveLength(1)
    ada.keep(granted)
    expect(grantsOwed(ada.writer, ada.state, grace.user, START + 1)).toEqual([])
    const [taken] = grace.hear(ada, START + 1)
    expect(taken).toMatchObject({ kind: 'taken', unlocked: ada.chain.length === 3 ? expect.any(String) : '' })
    const epoch = [...grace.state.epochs.values()][0]
    const sealed = ada.chain[1]
    if (epoch === undefined || sealed === undefined) throw new Error('nothing was written')
    expect(readContent({ suite }, grace.state, sealed, epoch)).toMatchObject({
      content: { text: 'before we met' }
    })
    const phone = grace.another()
    ada.meet(phone)
    expect(grantsOwed(ada.writer, ada.state, grace.user, START + 2)).toEqual([])
    const [key] = [...ada.state.epochs.keys()]
    expect(grantAgain(ada.writer, ada.state, phone.device, key as never, START + 2)).toBeUndefined()
    expect(grantAgain(ada.writer, ada.state, grace.device, key as never, START + 2)).toBeDefined()
  })
})

describe('what is taken', () => {
  it('[DM7] takes chains in order, once, of devices of its accounts alone', () => {
    const [ada, grace, eve] = [new Party(), new Party(), new Party()]
    together(ada, grace)
    for (const each of ['one', 'two', 'three']) ada.say(each, START)
    const [key, one, two] = ada.chain
    if (key === undefined || one === undefined || two === undefined) throw new Error('nothing was written')
    const take = (device: typeof ada.device, envelope: typeof one): ReturnType<typeof takeEnvelope> =>
      takeEnvelope(grace.writer, grace.state, device, envelope, START)
    expect(take(ada.device, one)).toMatchObject({ value: { kind: 'gap' } })
    expect(take(ada.device, key)).toMatchObject({ value: { kind: 'taken' } })
    expect(take(ada.device, key)).toMatchObject({ value: { kind: 'known' } })
    expect(take(ada.device, two)).toMatchObject({ value: { kind: 'gap' } })
    grace.logs.set(eve.user, eve.account.log)
    expect(ruleOf(take(eve.device, one))).toBe('DM7')
    expect(ruleOf(take(grace.device, key))).toBe('EN2')
    for (const bytes of altered(one.bytes)) {
      const before = grace.state.chains.get(ada.device)?.seq
      const read = readEnvelope(suite, bytes)
      const rule = read.ok ? ruleOf(take(ada.device, read.value)) : read.rule
      expect(rule ?? 'a gap').toMatch(/^(EN\d+|DM7|a gap)$/)
      expect(grace.state.chains.get(ada.device)?.seq).toBe(before)
    }
    expect(heardTexts(grace.hear(ada, START))).toEqual(['one', 'two', 'three'])
    const elsewhere = new Party(grace.account, grace.secret)
    elsewhere.logs.set(ada.user, ada.account.log)
    elsewhere.state = emptyState(
      createConversation(suite, random, ada.secret.signingKey, [ada.user, grace.user]),
      random.bytes(32)
    )
    expect(ruleOf(takeEnvelope(elsewhere.writer, elsewhere.state, ada.device, key, START))).toBe('DM7')
  })

  it('[DM7] takes nothing further of a device that is known to be revoked', () => {
    const [ada, grace] = [new Party(), new Party()]
    together(ada, grace)
    const phone = ada.another()
    phone.state = copyState(ada.state)
    phone.meet(grace)
    grace.logs.set(ada.user, ada.account.log)
    phone.say('from the phone', START)
    expect(heardTexts(grace.hear(phone, START))).toEqual(['from the phone'])
    phone.say('back-dated by a thief', START - DAY)
    appendRevocation(suite, ada.account.log, ada.account.device, phone.device)
    expect(() => grace.hear(phone, START)).toThrow('DM7')
  })

  it('[DM11] whoever took part can show others who wrote what', () => {
    const [ada, grace, judge] = [new Party(), new Party(), new Party()]
    together(ada, grace)
    ada.say('I owe you', START)
    grace.hear(ada, START)
    const [, shown] = ada.chain
    const [key] = [...grace.state.epochs.values()]
    if (shown === undefined || key === undefined) throw new Error('nothing was written')
    judge.state = emptyState(ada.state.genesis, ada.state.topicSecret)
    expect(verifyEnvelope(suite, shown, ada.device).ok).toBe(true)
    expect(readContent({ suite }, judge.state, shown, key)).toMatchObject({ content: { text: 'I owe you' } })
  })

  it('[DM7] a second envelope for one place is refused and named', () => {
    const [ada, grace] = [new Party(), new Party()]
    together(ada, grace)
    ada.say('one', START)
    grace.hear(ada, START)
    const twin = new Party(ada.account, ada.secret)
    twin.state = emptyState(ada.state.genesis, ada.state.topicSecret)
    twin.meet(grace)
    twin.say('other', START)
    const other = twin.chain[1]
    if (other === undefined) throw new Error('nothing was written')
    expect(ruleOf(takeEnvelope(grace.writer, grace.state, ada.device, other, START))).toBe('DM7')
  })

  it('[DM6] a place without its body is taken of its author, not of anybody else', () => {
    const [ada, grace, eve] = [new Party(), new Party(), new Party()]
    together(ada, grace, eve)
    ada.say('one', START)
    ada.say('two', START)
    const stubs = ada.chain.map(each => decodeStub(suite, encodeStub(each)))
    for (const [index, stub] of stubs.entries()) {
      if (!stub.ok) throw new Error(stub.reason)
      const take = (from: typeof ada.device): ReturnType<typeof takeStub> =>
        takeStub(grace.writer, grace.state, ada.device, stub.value, from)
      expect(ruleOf(take(eve.device))).toBe('DM6')
      expect(take(ada.device)).toMatchObject({ value: { kind: 'taken' } })
      expect(grace.state.chains.get(ada.device)?.seq).toBe(index + 1)
    }
    expect(heardTexts(eve.hear(ada, START))).toEqual(['one', 'two'])
  })

  it('[DM9] an account that left is sealed to no more, and heard no more', () => {
    const [ada, grace, alan] = [new Party(), new Party(), new Party()]
    together(ada, grace, alan)
    grace.say({ kind: 'leave' }, START)
    for (const each of [ada, alan]) each.hear(grace, START)
    expect([...ada.state.left]).toEqual([grace.user])
    ada.say('just us', START + 1)
    expect(heardTexts(alan.hear(ada, START + 1))).toEqual(['just us'])
    expect(heardTexts(grace.hear(ada, START + 1))).toEqual([null])
    grace.state.left.clear()
    grace.say('am I still here?', START + 2)
    expect(() => ada.hear(grace, START + 2)).toThrow('DM9')
  })

  it('[DM10] messages carry the lifetime that holds when they are written; the newest word counts everywhere', () => {
    const [ada, grace] = [new Party(), new Party()]
    together(ada, grace)
    ada.say({ kind: 'lifetime', seconds: 60 }, START)
    grace.hear(ada, START)
    grace.say('soon gone', START + 1)
    expect(ada.hear(grace, START + 1).at(-1)).toMatchObject({
      opened: { content: { kind: 'message', lifetime: 60 } }
    })
    // At the same time: the same one counts at both.
    ada.say({ kind: 'lifetime', seconds: 0 }, START + 2)
    grace.say({ kind: 'lifetime', seconds: 5 }, START + 2)
    ada.hear(grace, START + 2)
    grace.hear(ada, START + 2)
    expect(ada.state.lifetime).toEqual(grace.state.lifetime)
    // A clock far ahead does not decide for ever.
    grace.say({ kind: 'lifetime', seconds: 7 }, START + 400 * DAY)
    ada.hear(grace, START + 3)
    ada.say({ kind: 'lifetime', seconds: 9 }, START + DAY)
    expect(ada.state.lifetime.seconds).toBe(9)
    const users: readonly UserId[] = ada.state.genesis.users
    expect(users).toHaveLength(2)
  })
})
