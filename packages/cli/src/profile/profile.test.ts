import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  ensurePrivateFolder,
  profilePaths,
  profilesHome,
  SOCKET_PATH_BYTES_MAX,
  socketPath
} from './paths.ts'

test('profiles lie in the user’s data folder of the platform', () => {
  expect(profilesHome({ HOME: '/h' }, 'linux')).toBe('/h/.local/share/xcord')
  expect(profilesHome({ HOME: '/h', XDG_DATA_HOME: '/d' }, 'linux')).toBe('/d/xcord')
  expect(profilesHome({ HOME: '/h', XDG_DATA_HOME: '/d', XCORD_HOME: '/x' }, 'linux')).toBe('/x')
  expect(profilesHome({ HOME: '/h' }, 'darwin')).toBe('/h/Library/Application Support/xcord')
})

test('a socket path is never too long, and never shared by two homes', () => {
  const runtime = mkdtempSync(join(tmpdir(), 'run-'))
  for (const home of ['/a', `/${'long'.repeat(40)}`]) {
    for (const env of [{ XCORD_HOME: home }, { XCORD_HOME: home, XDG_RUNTIME_DIR: runtime }]) {
      expect(Buffer.byteLength(profilePaths('default', env).socket)).toBeLessThanOrEqual(
        SOCKET_PATH_BYTES_MAX
      )
    }
  }
  const at = (home: string) => profilePaths('default', { XCORD_HOME: home, XDG_RUNTIME_DIR: runtime }).socket
  expect(at('/a')).not.toBe(at('/b'))
  expect(at('/a')).toContain(runtime)
  expect(socketPath('/a/default', 'default', { XDG_RUNTIME_DIR: '/nowhere' })).toBe('/a/default/daemon.sock')
  rmSync(runtime, { recursive: true })
})

test('a profile’s name is no path', () => {
  for (const name of ['', '..', 'a/b', '.hidden', 'a'.repeat(65), 'a\u0000'])
    expect(() => profilePaths(name, { XCORD_HOME: '/x' })).toThrow('profile name')
})

test('the folder of a socket is its owner’s, and no link to another’s', () => {
  const base = mkdtempSync(join(tmpdir(), 'private-'))
  ensurePrivateFolder(join(base, 'new'))
  mkdirSync(join(base, 'open'))
  chmodSync(join(base, 'open'), 0o777)
  expect(() => ensurePrivateFolder(join(base, 'open'))).toThrow('must be yours')
  symlinkSync(join(base, 'new'), join(base, 'link'))
  expect(() => ensurePrivateFolder(join(base, 'link'))).toThrow('must be yours')
  rmSync(base, { recursive: true })
})
