import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createNodeSuite } from '../../adapters/crypto-node/index.ts'
import {
  createMemoryNetwork,
  createMemoryTransport,
  type MemoryNetwork
} from '../../adapters/memory/index.ts'
import { systemClock, systemRandom, systemTimers } from '../../adapters/runtime-node/index.ts'
import type { Suite } from '../../crypto/index.ts'
import {
  type Account,
  createAccount,
  createDevice,
  LINK_CODE_MS,
  LINK_END_MS,
  LINK_FRAME_BYTES_MAX,
  LINK_PROOF_MS,
  LINK_TRIES_MAX,
  type LinkCode
} from '../../identity/index.ts'
import type { FrameStream, Transport } from '../../net/index.ts'
import { keepAccount } from './account-keeper.ts'
import { giveAccount } from './link-device.ts'
import { LINK_PROTOCOL } from './link-stream.ts'
import { type LinkedAccount, takeAccount } from './take-account.ts'

let suite: Suite
let network: MemoryNetwork
const transports: Transport[] = []
beforeAll(async () => {
  suite = await createNodeSuite()
})
beforeEach(() => {
  network = createMemoryNetwork({ clock: systemClock, timers: systemTimers, random: systemRandom })
})
afterEach(async () => {
  await Promise.all(transports.splice(0).map(each => each.stop()))
})

async function on(device: { readonly signSeed: Uint8Array }): Promise<Transport> {
  const transport = createMemoryTransport({ network, suite, seed: device.signSeed })
  transports.push(transport)
  await transport.start()
  return transport
}

/** A device that waits, its clock and timers in the test's hand. */
async function waiting(
  says = true,
  then: { readonly ended?: (own: Transport) => Promise<void>; readonly kept?: () => void } = {}
) {
  const device = createDevice(suite, systemRandom)
  const shown = Promise.withResolvers<LinkCode>()
  const time = { now: 1_764_000_000_000, due: [] as { at: number; run: () => void }[] }
  const kept: LinkedAccount[] = []
  const asked: number[] = []
  const gone = new AbortController()
  const transport = await on(device)
  const ended = takeAccount(
    {
      suite,
      random: systemRandom,
      clock: { now: () => time.now },
      timers: {
        after: (ms, run) => {
          const timer = { at: time.now + ms, run }
          time.due.push(timer)
          return () => void (time.due = time.due.filter(each => each !== timer))
        }
      },
      transport,
      device,
      deviceName: 'phone',
      manage: true
    },
    {
      onCode: shown.resolve,
      compare: () => Promise.resolve(asked.push(1) > 0 && says),
      keep: linked => {
        kept.push(linked)
        return Promise.resolve(then.kept?.())
      },
      signal: gone.signal
    }
  )
  const outcome = ended.then(
    async () => {
      await then.ended?.(transport)
      return 'linked'
    },
    (error: unknown) => error
  )
  const advance = (ms: number): void => {
    time.now += ms
    for (const { at, run } of time.due.slice()) if (at <= time.now) run()
  }
  return { code: await shown.promise, outcome, kept, asked, time, advance, stop: () => gone.abort() }
}

/** Somebody with an account, who pastes a code. */
async function owner() {
  const account: Account = createAccount(suite, systemRandom, 1)
  const transport = await on(account.device)
  const keeper = keepAccount({ suite, account, save: () => Promise.resolve(), changed: () => undefined })
  const rest = () => ({ servers: [], extensions: [] })
  const host = { suite, random: systemRandom, transport, keeper, rest }
  return {
    account: keeper.account,
    link: async (text: string, says = true) =>
      await giveAccount(host, text, () => Promise.resolve(says), new AbortController().signal).then(
        () => 'linked',
        (error: unknown) => error
      )
  }
}

/** The code as somebody has it who guessed its secret. */
function guessed({ text, bytes }: LinkCode): string {
  const copy = bytes.slice()
  const at = 1 + 1 + 34 + 34 + 1
  copy[at] = (copy[at] as number) ^ 1
  return text.slice(0, 'xcord-link-'.length) + Buffer.from(copy).toString('base64url')
}

/** Opens a stream of the protocol and says nothing. */
async function silent({ addresses }: LinkCode): Promise<FrameStream> {
  const stranger = await on(createDevice(suite, systemRandom))
  const connection = await stranger.dial(addresses)
  return await connection.openStream(LINK_PROTOCOL, { frameBytesMax: LINK_FRAME_BYTES_MAX })
}

const refusedFor = (reason: RegExp) => ({
  code: 'XCORD_LINK_REFUSED',
  details: { rule: 'ID10', reason: expect.stringMatching(reason) }
})

describe('strangers at a device that waits to be linked', () => {
  it('[ID10] T35: some who do not know the secret, or say nothing, do not spend the code', async () => {
    const device = await waiting()
    const mallory = await owner()
    for (let n = 0; n < LINK_TRIES_MAX - 2; n++)
      expect(await mallory.link(guessed(device.code))).toMatchObject(refusedFor(/the secret/))
    await silent(device.code)
    expect(device.asked).toEqual([])
    const ada = await owner()
    expect(await ada.link(device.code.text)).toBe('linked')
    expect(await device.outcome).toBe('linked')
    expect(device.kept[0]?.account.user).toBe(ada.account.user)
    expect(mallory.account.log.state().devices).toHaveLength(1)
  })

  it('[ID10] T35: when as many came as may, the code ends, and whoever has it must show a new one', async () => {
    const device = await waiting()
    const mallory = await owner()
    for (let n = 0; n < LINK_TRIES_MAX; n++) await mallory.link(guessed(device.code))
    expect(await device.outcome).toMatchObject(refusedFor(/none of them had the code/))
    const ada = await owner()
    expect(await ada.link(device.code.text)).not.toBe('linked')
    expect([device.asked, device.kept]).toEqual([[], []])
  })

  it('[ID10] those who say nothing are put out after a while', async () => {
    const device = await waiting()
    const streams = await Promise.all(Array.from({ length: LINK_TRIES_MAX }, () => silent(device.code)))
    while (device.time.due.length < 1 + LINK_TRIES_MAX) await new Promise(resolve => setImmediate(resolve))
    device.advance(LINK_PROOF_MS)
    expect(await device.outcome).toMatchObject(refusedFor(/none of them had the code/))
    for (const stream of streams)
      await expect(stream.frames()[Symbol.asyncIterator]().next()).rejects.toThrow()
  })
})

describe('the end of a linking', () => {
  it('[ID10] is heard by the old device, although the new one ends its transport at once', async () => {
    network.setFaults({ delayMs: 5 })
    const device = await waiting(true, { ended: async own => await own.stop() })
    const ada = await owner()
    expect(await ada.link(device.code.text)).toBe('linked')
    expect(await device.outcome).toBe('linked')
  })

  it('[ID10] is not waited for without end; the old device says that one was added that it did not hear', async () => {
    const ada = await owner()
    const { device: old } = ada.account.device
    const device = await waiting(true, {
      kept: () => void network.silence([device.code.device], [old])
    })
    const linking = ada.link(device.code.text)
    const waits = (): boolean => device.time.due.some(each => each.at === device.time.now + LINK_END_MS)
    while (!waits()) await new Promise(resolve => setImmediate(resolve))
    device.advance(LINK_END_MS)
    expect(await device.outcome).toBe('linked')
    network.cut(device.code.device, old)
    expect(await linking).toMatchObject(refusedFor(/was added and did not say/))
    expect(ada.account.log.state().devices).toHaveLength(2)
  })
})

describe('the code of a device that waits', () => {
  it('[ID10] T35: is spent by whoever proved its secret, whatever becomes of it', async () => {
    const device = await waiting(false)
    const ada = await owner()
    expect(await ada.link(device.code.text)).toMatchObject({ code: 'XCORD_LINK_REFUSED' })
    expect(await device.outcome).toMatchObject(refusedFor(/said to differ/))
    expect(await ada.link(device.code.text)).not.toBe('linked')
    expect([device.kept.length, ada.account.log.state().devices.length]).toEqual([0, 1])
  })

  it('[ID10] ends after five minutes, and whoever comes late learns nothing', async () => {
    const device = await waiting()
    const ada = await owner()
    device.time.now += LINK_CODE_MS + 1
    expect(await ada.link(device.code.text)).toMatchObject({ code: 'XCORD_LINK_REFUSED' })
    expect(device.asked).toEqual([])
    device.advance(0)
    expect(await device.outcome).toMatchObject(refusedFor(/within five minutes/))
    expect(ada.account.log.state().devices).toHaveLength(1)
  })
})
