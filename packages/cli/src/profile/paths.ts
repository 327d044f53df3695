/** Where a profile lies, and where its socket. */
import { createHash } from 'node:crypto'
import { existsSync, lstatSync, mkdirSync, statSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { XcordError } from '@xcord/core'
import { usage } from '../errors/outcome.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** Bytes a socket's path may have everywhere: sun_path has 108 on Linux, 104 on macOS, with a zero at its end. */
export const SOCKET_PATH_BYTES_MAX = 103

export interface ProfilePaths {
  readonly profile: string
  readonly folder: string
  /** What the SDK keeps. */
  readonly store: string
  readonly config: string
  /** What the command line remembers, such as the server used last. */
  readonly memory: string
  readonly log: string
  readonly socket: string
}

/** The folder all profiles lie in: XCORD_HOME, else the platform's user data directory. */
export function profilesHome(env: Environment, platform: NodeJS.Platform = process.platform): string {
  const home = env['HOME'] ?? homedir()
  if (env['XCORD_HOME'] !== undefined && env['XCORD_HOME'] !== '') return resolve(env['XCORD_HOME'])
  if (env['XDG_DATA_HOME'] !== undefined && env['XDG_DATA_HOME'] !== '')
    return join(env['XDG_DATA_HOME'], 'xcord')
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'xcord')
  if (platform === 'win32') return join(env['APPDATA'] ?? join(home, 'AppData', 'Roaming'), 'xcord')
  return join(home, '.local', 'share', 'xcord')
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}

/**
 * In $XDG_RUNTIME_DIR, else beside the profile; where the path is too long for a socket, in a folder of ours in
 * the temporary directory. The name carries a hash of the folder: two homes may both have a "default".
 */
export function socketPath(
  folder: string,
  profile: string,
  env: Environment,
  platform: NodeJS.Platform = process.platform
): string {
  const hash = createHash('sha256').update(resolve(folder)).digest('hex')
  if (platform === 'win32') return `\\\\.\\pipe\\xcord-${hash.slice(0, 32)}`
  const runtime = env['XDG_RUNTIME_DIR']
  const name = `${profile}-${hash.slice(0, 8)}.sock`
  const wanted =
    runtime !== undefined && runtime !== '' && isDirectory(runtime)
      ? join(runtime, 'xcord', name)
      : join(folder, 'daemon.sock')
  if (Buffer.byteLength(wanted) <= SOCKET_PATH_BYTES_MAX) return wanted
  return join(tmpdir(), `xcord-${process.getuid?.() ?? 0}`, `${hash.slice(0, 16)}.sock`)
}

/** All paths of a profile. XCORD_USAGE for a name that is no plain file name. */
export function profilePaths(profile: string, env: Environment): ProfilePaths {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(profile)) {
    throw usage('--profile', `"${profile}" is no profile name: letters, digits, ".", "_" and "-", at most 64`)
  }
  const folder = join(profilesHome(env), profile)
  return {
    profile,
    folder,
    store: join(folder, 'store'),
    config: join(folder, 'config.json'),
    memory: join(folder, 'memory.json'),
    log: join(folder, 'daemon.log'),
    socket: socketPath(folder, profile, env)
  }
}

/** Whether an identity was made here. The key store is written last, so a failed `init` leaves no profile. */
export function profileExists(paths: ProfilePaths): boolean {
  return existsSync(join(paths.store, 'keystore'))
}

/**
 * Makes the folder a socket lies in, for its owner only, and refuses one that others may write: they could put
 * a socket of their own there and be asked for the password's effects.
 */
export function ensurePrivateFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const found = lstatSync(folder)
  const uid = process.getuid?.()
  if (
    !found.isDirectory() ||
    (uid !== undefined && found.uid !== uid) ||
    (uid !== undefined && (found.mode & 0o022) !== 0)
  ) {
    throw new XcordError(
      'XCORD_STORE_FAILED',
      `the folder ${folder} must be yours, with no write permission for others`,
      { operation: 'socket' }
    )
  }
}
