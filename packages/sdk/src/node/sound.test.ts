import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { VoiceEvents, VoiceSession } from '../voice-types.ts'
import { connectSound } from './sound.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'xcord-sound-'))
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true })
})

/** Speakers that keep the bytes they play, for `pacat` is looked for first. */
function installSpeakers(): string {
  const played = join(folder, 'played')
  const program = join(folder, 'pacat')
  writeFileSync(program, `#!/bin/sh\nexec /bin/cat > '${played}'\n`)
  chmodSync(program, 0o755)
  vi.stubEnv('PATH', folder)
  return played
}

/** A session of which only the listeners are needed. */
function fakeSession() {
  const listeners = new Map<string, (data: never) => void>()
  const session = {
    ended: null,
    participants: [] as object[],
    on: (event: string, listener: (data: never) => void) => {
      listeners.set(event, listener)
      return () => undefined
    }
  } as unknown as VoiceSession
  const hear = (member: string, value: number): void =>
    listeners.get('audio')?.({
      member,
      device: `d${member}`,
      frame: new Int16Array(480).fill(value)
    } as VoiceEvents['audio'] as never)
  const speakFirst = (member: string): void =>
    void (session.participants as object[]).push({ device: `d${member}`, priority: true, speaking: true })
  return { session, hear, speakFirst }
}

it('[VX13] plays each member as loud as they were set, also before they came, and whoever speaks first before others', async () => {
  const played = installSpeakers()
  const { session, hear, speakFirst } = fakeSession()
  const sound = await connectSound(session, { speakers: true })
  sound.setVolume('uada' as never, 0.5)
  expect(() => sound.setVolume('uada' as never, 3)).toThrow(RangeError)
  const samples = (): Set<number> => {
    const bytes = readFileSync(played)
    return new Set(Array.from({ length: bytes.length >> 1 }, (_, at) => bytes.readInt16LE(at * 2)))
  }
  await expect
    .poll(
      () => {
        hear('uada', 1_000)
        hear('ugrace', 10)
        return samples()
      },
      { timeout: 60_000 }
    )
    .toContain(510)
  sound.setVolume('uada' as never, 1)
  speakFirst('uada')
  await expect
    .poll(
      () => {
        hear('uada', 1_000)
        hear('ugrace', 400)
        return samples()
      },
      { timeout: 60_000 }
    )
    .toContain(1_100)
  sound.close()
  expect(samples()).not.toContain(1_010)
})
