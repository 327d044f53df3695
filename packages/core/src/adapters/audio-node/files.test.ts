import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readWav, toneFrames, toneShare, wavHeader } from '../../audio/index.ts'
import { createRecorder, fileSource, play, toneSource } from './index.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'xcord-audio-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const soundOf = (path: string): Int16Array =>
  Int16Array.from([...readWav(readFileSync(path)).frames()].flatMap(each => [...each]))

describe('recordings', () => {
  it('[VX61] are one file a speaker, playable at any moment', () => {
    const recorder = createRecorder(join(folder, 'new', 'folder'))
    for (let index = 0; index < 150; index += 1) {
      recorder.write('Ada', toneFrames(440)(index))
      recorder.write('Grace', toneFrames(660)(index))
    }
    // A second of it is in the header before the end.
    expect(soundOf(join(folder, 'new', 'folder', 'Ada.wav'))).toHaveLength(48_000)
    const files = recorder.close()
    expect(Object.keys(files)).toEqual(['Ada', 'Grace'])
    expect(soundOf(files['Ada'] ?? '')).toHaveLength(72_000)
    expect(toneShare(soundOf(files['Grace'] ?? '').slice(0, 1_920), 660)).toBeGreaterThan(0.95)
    expect(statSync(files['Ada'] ?? '').mode & 0o077).toBe(0)
  })

  it('[VX61] stay in their folder whatever a speaker is called, and overwrite nothing', () => {
    writeFileSync(join(folder, 'etc-passwd.wav'), 'kept')
    const recorder = createRecorder(folder)
    for (const name of ['../etc/passwd', '..', '', 'Ada/Lovelace', 'Ada Lovelace', 'x'.repeat(300)])
      recorder.write(name, toneFrames(440)(0))
    recorder.close()
    const names = ['etc-passwd.wav', 'etc-passwd-2.wav', 'speaker.wav', 'speaker-2.wav', 'Ada-Lovelace.wav']
    expect(readdirSync(folder).toSorted()).toEqual(
      [...names, 'Ada-Lovelace-2.wav', `${'x'.repeat(60)}.wav`].toSorted()
    )
    expect(readFileSync(join(folder, 'etc-passwd.wav'), 'utf8')).toBe('kept')
  })
})

describe('a source', () => {
  it('[VX61] that is no sound is refused with its path', async () => {
    const path = join(folder, 'song.mp3')
    writeFileSync(path, 'ID3')
    await expect(fileSource(path)).rejects.toMatchObject({
      code: 'XCORD_AUDIO_FORMAT',
      details: { path, reason: 'it does not begin as one' }
    })
    await expect(fileSource(join(folder, 'none.wav'))).rejects.toMatchObject({
      details: { reason: /ENOENT/ }
    })
    await expect(fileSource(folder)).rejects.toMatchObject({ code: 'XCORD_AUDIO_FORMAT' })
    truncateSync(path, 300 * 1_024 * 1_024)
    await expect(fileSource(path)).rejects.toMatchObject({ details: { reason: /larger/ } })
  })

  it('is played to its end, in order', async () => {
    const path = join(folder, 'a.wav')
    writeFileSync(path, Buffer.concat([wavHeader(1_440), Buffer.alloc(2_880, 1)]))
    const heard: Int16Array[] = []
    const frames = await fileSource(path)
    await new Promise<void>(resolve => void play(frames, frame => heard.push(frame), resolve))
    expect(heard.map(each => each[0])).toEqual([257, 257, 257])
  })

  it('is played until it is stopped', async () => {
    let count = 0
    await new Promise<void>(resolve => {
      const stop = play(toneSource(440), () => {
        count += 1
        if (count !== 3) return
        stop()
        resolve()
      })
    })
    await new Promise<void>(
      resolve => void play([new Int16Array(480)][Symbol.iterator](), () => undefined, resolve)
    )
    expect(count).toBe(3)
  })
})
