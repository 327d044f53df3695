/** With stand-ins for the system's programs: what is started, what becomes of the pipe, and how it ends. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { toneFrames, wavBytes } from '../../audio/index.ts'
import { type XcordError } from '../../base/index.ts'
import { openMicrophone, openSpeakers } from './index.ts'
import { findTool } from './tools.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'xcord-audio-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** A program of that name; `$dir` is its folder. */
function install(name: string, script: string): void {
  const path = join(folder, name)
  writeFileSync(path, `#!/bin/sh\ndir='${folder}'\n${script}\n`)
  chmodSync(path, 0o755)
}
const search = (device?: string) => ({ path: folder, platform: 'linux' as const, device })

interface Opened {
  readonly frames: Int16Array[]
  readonly ended: Promise<XcordError<'XCORD_AUDIO_DEVICE'>>
  readonly stop: () => void
}
function listen(device?: string): Opened {
  const frames: Int16Array[] = []
  let stop = (): void => undefined
  const ended = new Promise<XcordError<'XCORD_AUDIO_DEVICE'>>(resolve => {
    ;({ stop } = openMicrophone(frame => frames.push(frame), { ...search(device), ended: resolve }))
  })
  return { frames, ended, stop: () => stop() }
}

describe('the microphone', () => {
  it('[VX68] is read through a program that is installed, as frames, whatever pieces come', async () => {
    const sound = Int16Array.from([...toneFrames(440)(0), ...toneFrames(440)(1)])
    const bytes = wavBytes(sound)
    writeFileSync(join(folder, 'one'), bytes.slice(0, 333))
    writeFileSync(join(folder, 'two'), bytes.slice(333))
    install('parec', 'cat "$dir/one"; cat "$dir/two"; echo "$@" > "$dir/args"')
    const { frames, ended } = listen('headset')
    await ended
    expect(frames.flatMap(each => [...each])).toEqual([...sound])
    expect(readFileSync(join(folder, 'args'), 'utf8')).toMatch(/--rate=48000 --channels=1 .*--device=headset/)
  })

  it('[VX68] that vanishes is an error with what the program said', async () => {
    install('arecord', 'echo "arecord: main: audio open error: No such device" >&2; exit 1')
    const error = await listen('gone').ended
    expect(error).toMatchObject({
      code: 'XCORD_AUDIO_DEVICE',
      details: { reason: /No such device/, device: 'gone' }
    })
    install('parec', 'kill -9 $$')
    expect((await listen().ended).details.reason).toMatch('SIGKILL')
  })

  it('[VX68] says nothing when it was stopped', async () => {
    install('parec', 'echo $$ > "$dir/pid"; exec sleep 1000')
    const { ended, stop } = listen()
    await expect
      .poll(() => existsSync(join(folder, 'pid')) && readFileSync(join(folder, 'pid'), 'utf8'))
      .toMatch(/\d\n/)
    stop()
    const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'))
    await expect.poll(() => isAlive(pid)).toBe(false)
    expect(await Promise.race([ended, Promise.resolve('silent')])).toBe('silent')
  })
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe('the speakers', () => {
  it('[VX68] get samples through a program that is installed', async () => {
    install('aplay', 'cat > "$dir/heard"')
    const speakers = openSpeakers({ ...search(), ended: () => undefined })
    const frame = toneFrames(440)(3)
    speakers.write(frame)
    const heard = (): string =>
      existsSync(join(folder, 'heard')) ? readFileSync(join(folder, 'heard'), 'hex') : ''
    await expect.poll(heard).toBe(Buffer.from(wavBytes(frame)).toString('hex'))
    speakers.stop()
  })

  it('[VX68] that went away are written to without harm', async () => {
    install('pacat', 'exit 3')
    let speakers = { write: (_: Int16Array): void => undefined }
    const ended = new Promise<XcordError<'XCORD_AUDIO_DEVICE'>>(resolve => {
      speakers = openSpeakers({ ...search(), ended: resolve })
    })
    for (let index = 0; index < 100; index += 1) speakers.write(toneFrames(440)(index))
    expect((await ended).details.reason).toMatch('code 3')
    speakers.write(toneFrames(440)(0))
  })
})

describe('programs for sound', () => {
  it('[VX68] are looked for by preference, and named where none is installed', () => {
    expect(() => findTool('input', search())).toThrow(/none of parec, arecord, ffmpeg is installed/)
    expect(() => findTool('output', search())).toThrow(/none of pacat, aplay, ffmpeg is installed/)
    install('ffmpeg', '')
    expect(findTool('input', search()).args).toEqual(
      expect.arrayContaining(['alsa', '-i', 'default', 's16le', 'pipe:1'])
    )
    expect(findTool('output', search('hw:1')).args.at(-1)).toBe('hw:1')
    expect(findTool('input', { ...search(), platform: 'darwin' }).args).toContain('avfoundation')
    expect(() => findTool('input', { ...search(), platform: 'aix' })).toThrow(/none of/)
    install('arecord', '')
    expect(findTool('input', search('hw:1')).args).toEqual(expect.arrayContaining(['-D', 'hw:1', '48000']))
    writeFileSync(join(folder, 'parec'), 'not executable')
    expect(findTool('input', search()).program).toBe(join(folder, 'arecord'))
  })
})
