/** Engines of a voice mesh, each in its process, and their ears. Links are numbered by both ends. */
import { readFileSync } from 'node:fs'
import { createMediaEngine } from '@xcord/core/adapters/media-node'
import { everyFrame } from '@xcord/core/adapters/audio-node'
import { levelDb, toneFrames } from '@xcord/core/audio'
import { serve } from './serve.mjs'

/** Louder than this is the tone. */
const TONE_DB = -40
/** A kernel tick, as /proc counts CPU time. */
const TICK_MS = 10

let engines = []
let stopTalking = () => undefined
let lastLink = 0
const ears = new Set()

/** Engines that idle. */
async function start({ count }) {
  engines = Array.from({ length: count }, () => createMediaEngine())
  await Promise.all(engines.map(each => each.ready()))
  engines.forEach((engine, at) =>
    engine.listen(event => {
      for (const ear of [...ears]) ear(at, event)
    })
  )
}

/** What `pick` wants of the events from now on; rejects if a link fails. */
const heard = pick =>
  new Promise((resolve, reject) => {
    const ear = (at, event) => {
      if (event.kind === 'failed') return reject(new Error(event.reason))
      const found = pick(at, event)
      if (found === undefined) return
      ears.delete(ear)
      resolve(found)
    }
    ears.add(ear)
  })

/** Links two engines under one number. @returns The number. */
function link(a, b) {
  const number = ++lastLink
  ears.add((at, event) => {
    if (event.kind !== 'signal' || event.link !== number) return
    engines[at === a ? b : a].take(number, event.signal)
  })
  for (const [at, initiator] of [
    [a, true],
    [b, false]
  ]) {
    engines[at].open(number, { initiator, iceServers: [], relayOnly: false, bitrateKbps: 0 })
    engines[at].setSending(number, true)
    engines[at].setReceiving(number, true)
  }
  return number
}

const isLoud = event => event.kind === 'audio' && levelDb(event.frame) > TONE_DB

/** Opens a link and waits until the tone is heard over it. @returns Milliseconds. */
async function join() {
  const tone = toneFrames(440)
  const began = performance.now()
  const number = link(0, 1)
  let index = 0
  const stop = everyFrame(() => engines[0].send([number], tone(index++)))
  await heard((at, event) => (at === 1 && event.link === number && isLoud(event) ? true : undefined))
  stop()
  const took = performance.now() - began
  for (const engine of engines) engine.close(number)
  return took
}

/** From the first frame of a tone being given away to the first loud one coming out. */
async function edges({ count }) {
  const number = link(0, 1)
  const tone = toneFrames(440)
  const silence = new Int16Array(480)
  let loud = false
  let index = 0
  const stop = everyFrame(() => engines[0].send([number], loud ? tone(index++) : silence))
  const found = []
  await heard((at, event) =>
    at === 1 && event.link === number && event.kind === 'arrived' ? true : undefined
  )
  for (let each = 0; each < count; each++) {
    // Some silence before each, of another length every time.
    let quiet = 40 + (each % 7)
    await heard((at, event) =>
      at === 1 && event.kind === 'audio' && (quiet = isLoud(event) ? 40 : quiet - 1) <= 0 ? true : undefined
    )
    const began = performance.now()
    loud = true
    await heard((at, event) => (at === 1 && event.link === number && isLoud(event) ? true : undefined))
    found.push(performance.now() - began)
    loud = false
  }
  stop()
  for (const engine of engines) engine.close(number)
  return found
}

/** Everybody linked to everybody, everybody talking; resolves when all hear all. */
async function mesh() {
  const links = engines.map(() => [])
  for (let a = 0; a < engines.length; a++)
    for (let b = a + 1; b < engines.length; b++) {
      const number = link(a, b)
      links[a].push(number)
      links[b].push(number)
    }
  const tones = engines.map((_, at) => toneFrames(300 + 100 * at))
  let index = 0
  stopTalking = everyFrame(() => {
    engines.forEach((engine, at) => engine.send(links[at], tones[at](index)))
    index += 1
  })
  const waiting = new Set(links.flatMap((own, at) => own.map(number => `${at}/${number}`)))
  if (waiting.size > 0)
    await heard((at, event) => {
      if (isLoud(event)) waiting.delete(`${at}/${event.link}`)
      return waiting.size === 0 ? true : undefined
    })
}

/** CPU time so far and memory now of each engine's process: from /proc, so on Linux alone. */
function cost() {
  return engines.map(engine => {
    const file = name => readFileSync(`/proc/${engine.pid()}/${name}`, 'utf8')
    const fields = file('stat')
      .slice(file('stat').lastIndexOf(')') + 2)
      .split(' ')
    const pages = Number(file('statm').split(' ')[1])
    return { cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS, rss: pages * 4_096 }
  })
}

async function stop() {
  stopTalking()
  ears.clear()
  await Promise.all(engines.map(each => each.stop()))
  engines = []
}

serve({ start, join, edges, mesh, cost, stop })
