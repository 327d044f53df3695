/**
 * The Chromium that browser tests run in: one that is installed, else Debian's, installed here where we may.
 * Called by itself it prints the path, or says in one sentence what is missing.
 */
import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome']
const PLACES = [
  '/usr/bin',
  '/usr/local/bin',
  '/snap/bin',
  '/opt/google/chrome',
  '/Applications/Chromium.app/Contents/MacOS',
  '/Applications/Google Chrome.app/Contents/MacOS'
]
const MISSING =
  'The browser tests need Chromium, and none was found. Install it (Debian: apt-get install chromium), ' +
  'or name one in XCORD_CHROMIUM.'

const isProgram = path => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Where Chromium is; undefined where there is none. XCORD_CHROMIUM names one, and then no other is taken. */
export function findChromium() {
  const named = process.env.XCORD_CHROMIUM
  if (named !== undefined) return isProgram(named) ? named : undefined
  const folders = [...(process.env.PATH ?? '').split(delimiter).filter(each => each !== ''), ...PLACES]
  const names = process.platform === 'darwin' ? [...NAMES, 'Chromium', 'Google Chrome'] : NAMES
  return folders.flatMap(folder => names.map(name => join(folder, name))).find(isProgram)
}

/** Debian's package: only as root, and only where no other was asked for. */
function install() {
  if (process.env.XCORD_CHROMIUM !== undefined || process.getuid?.() !== 0 || !isProgram('/usr/bin/apt-get'))
    return
  console.log('installing Chromium (apt-get install chromium)')
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const stdio = ['ignore', 'ignore', 'inherit']
  spawnSync('apt-get', ['update'], { env, stdio })
  spawnSync('apt-get', ['install', '--yes', '--no-install-recommends', 'chromium'], { env, stdio })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (findChromium() === undefined) install()
  const found = findChromium()
  console.log(found ?? MISSING)
  process.exitCode = found === undefined ? 1 : 0
}
