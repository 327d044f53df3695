/** Voice in pages: each hears the other's tone, and nothing of whom may not be heard. */
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tonesHeard } from '@xcord/core/audio'
import type { Client, Server, VoiceSession } from '@xcord/sdk'
import { connectSound } from '@xcord/sdk/node'
import { startNode } from '../e2e/node.fixture.ts'
import { type Cast, createCast, until } from '../e2e/peers.fixture.ts'
import { type Browser, startBrowser } from './chromium.fixture.ts'

/** Far from each other and from each other's overtones. */
const TONES = [440, 620, 870] as const
/** Looked at together: a third of a second. */
const FRAMES = 33

let browser: Browser
let cast: Cast
let node: Awaited<ReturnType<typeof startNode>>
let ada: Client
let server: Server
let adas: VoiceSession
let grace: Page
let alan: Page

/** A page that joins the server, and talks in the lounge with a tone. */
async function talker(name: string, link: string, hz: number): Promise<Page> {
  const page = await browser.open()
  await page.evaluate(
    async init => {
      kept.client = await xcord.createClient({
        profile: { name: init.name },
        store: xcord.memory(),
        bootstrap: [init.node]
      })
      const join = async (): Promise<Server> =>
        await kept.client.servers.join(init.link).catch(async () => await join())
      const joined = await join()
      while (joined.channels.get('lounge') === undefined)
        await new Promise(resolve => setTimeout(resolve, 20))
      kept.session = await joined.channel('lounge').voice.join()
      const context = new AudioContext()
      const oscillator = new OscillatorNode(context, { frequency: init.hz })
      const destination = new MediaStreamAudioDestinationNode(context)
      oscillator.connect(destination)
      oscillator.start()
      kept.sound = await xcord.connectSound(kept.session, { stream: destination.stream, speakers: true })
    },
    { name, link, hz, node: node.wsAddress }
  )
  return page
}

/** What of the tones a page hears of somebody, over the next frames; nothing where no frame comes for a while. */
async function heardIn(page: Page, member: string): Promise<readonly number[]> {
  return await page.evaluate(
    async ({ member: from, tones, frames }) =>
      await new Promise<readonly number[]>(resolve => {
        const taken: number[] = []
        const finish = (): void => {
          off()
          clearTimeout(limit)
          resolve(xcord.tonesHeard(Int16Array.from(taken), tones))
        }
        const limit = setTimeout(finish, 1_000)
        const off = kept.session.on('audio', ({ member: who, frame }) => {
          if (who !== from) return
          taken.push(...frame)
          if (taken.length >= frames * 480) finish()
        })
      }),
    { member, tones: [...TONES], frames: FRAMES }
  )
}

/** The same in Node. */
async function heardHere(member: string): Promise<readonly number[]> {
  return await new Promise(resolve => {
    const taken: number[] = []
    const finish = (): void => {
      off()
      clearTimeout(limit)
      resolve(tonesHeard(Int16Array.from(taken), TONES))
    }
    const limit = setTimeout(finish, 1_000)
    const off = adas.on('audio', ({ member: who, frame }) => {
      if (who !== member) return
      taken.push(...frame)
      if (taken.length >= FRAMES * 480) finish()
    })
  })
}

const idOf = async (page: Page): Promise<string> => await page.evaluate(() => kept.client.identity.id)
const isTone = (found: readonly number[], hz: number): boolean => found.length === 1 && found[0] === hz

beforeAll(async () => {
  ;[browser, cast, node] = await Promise.all([startBrowser(), createCast(), startNode()])
  // Presence is gossip, which needs more than a circuit: pages reach this peer by its own WebSocket.
  const listen = ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0/ws']
  ada = await cast.open('ada', { bootstrap: [node.address], network: { listen, mdns: false } })
  server = await ada.servers.create({ name: 'Engine' })
  await server.channels.create({ kind: 'voice', name: 'lounge' })
  const link = (await server.invites.create()).link as string
  adas = await server.channel('lounge').voice.join()
  await connectSound(adas, { tone: TONES[0] })
  grace = await talker('grace', link, TONES[1])
  alan = await talker('alan', link, TONES[2])
})
afterAll(async () => {
  await browser.end()
  await cast.end()
  await node.stop()
  expect(browser.said.filter(each => each.startsWith('uncaught'))).toEqual([])
})

describe('voice in a browser', () => {
  it('[VX10, VX64] a page and a peer in Node, and two pages, hear each other by tone', async () => {
    const [graces, alans] = [await idOf(grace), await idOf(alan)]
    await until('ada hears grace', async () => isTone(await heardHere(graces), TONES[1]))
    await until('ada hears alan', async () => isTone(await heardHere(alans), TONES[2]))
    await until('grace hears ada', async () => isTone(await heardIn(grace, ada.identity.id), TONES[0]))
    await until('grace hears alan', async () => isTone(await heardIn(grace, alans), TONES[2]))
    await until('alan hears grace', async () => isTone(await heardIn(alan, graces), TONES[1]))
    // Figures are of the last two seconds: at first, of a link that was still looking for its route.
    await until('grace sees the route', async () => {
      const [figures] = await grace.evaluate(async () => await kept.session.stats())
      return figures?.route === 'direct'
    })
  })

  it('[VX4] a mute and a ban silence a page at every receiver', async () => {
    const alans = await idOf(alan)
    const target = await until('ada knows alan', () => server.members.get(alans))
    await target.setVoice({ muted: true })
    await until('ada hears no alan', async () => (await heardHere(alans)).length === 0)
    await until('grace hears no alan', async () => (await heardIn(grace, alans)).length === 0)
    await target.setVoice({ muted: false })
    await until('grace hears alan again', async () => isTone(await heardIn(grace, alans), TONES[2]))
    await target.ban()
    await until('alan is put out', async () => await alan.evaluate(() => kept.session.ended !== null))
    await until('grace hears no alan', async () => (await heardIn(grace, alans)).length === 0)
  })

  it('[VX68] a page turns one member down to nothing, and up again', async () => {
    const loudness = async (): Promise<number> => await grace.evaluate(() => kept.loudness?.() ?? 0)
    await grace.evaluate(async member => {
      kept.sound.close()
      kept.sound = await xcord.connectSound(kept.session, {
        onVoice: ({ member: who, stream }) => {
          if (who !== member) return
          const context = new AudioContext()
          const meter = new AnalyserNode(context)
          context.createMediaStreamSource(stream).connect(meter)
          // The level of the moment: 0 where every sample is.
          kept.loudness = () => {
            const samples = new Float32Array(meter.fftSize)
            meter.getFloatTimeDomainData(samples)
            return Math.max(...samples.map(Math.abs))
          }
        }
      })
    }, ada.identity.id)
    await until('ada is heard in her stream', async () => (await loudness()) > 0.01)
    await grace.evaluate(member => kept.sound.setVolume(member as never, 0), ada.identity.id)
    await until('ada is turned down', async () => (await loudness()) === 0)
    await grace.evaluate(member => kept.sound.setVolume(member as never, 1.5), ada.identity.id)
    await until('ada is turned up', async () => (await loudness()) > 0.01)
  })

  it('[VX68] the microphone is chosen and its sound sent; one that is not there is told', async () => {
    await grace.evaluate(() => kept.sound.close())
    const told = await grace.evaluate(async () => {
      const { microphones } = await xcord.soundDevices()
      const missing = await xcord.connectSound(kept.session, { microphone: 'no such device' }).then(
        () => 'opened',
        (error: { code: string }) => error.code
      )
      kept.sound = await xcord.connectSound(kept.session, {
        microphone: true,
        echoCancellation: false,
        noiseSuppression: false,
        autoGainControl: false
      })
      return { count: microphones.length, missing }
    })
    expect(told.count).toBeGreaterThan(0)
    expect(told.missing).toBe('XCORD_AUDIO_DEVICE')
    const graces = await idOf(grace)
    // Chromium's fake microphone beeps once a second.
    await until('ada hears the microphone', async () => {
      let loudest = 0
      const off = adas.on('audio', ({ member, frame }) => {
        if (member === graces) for (const each of frame) loudest = Math.max(loudest, Math.abs(each))
      })
      await new Promise(resolve => setTimeout(resolve, 500))
      off()
      return loudest > 1_000
    })
  })
})
