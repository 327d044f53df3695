/** Settings: flag, then `XCORD_*` variable, then the profile's config file, then the default. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { BUDGET_PERIOD_MS_MAX, BUDGET_PERIOD_MS_MIN, XcordError } from '@xcord/core'
import type { DeliveryState, IceServer, SyncBudget } from '@xcord/sdk'
import { DELIVERY_STATES } from '../gateway/schemas.ts'
import { parseDuration } from '../render/time.ts'
import type { Environment } from './paths.ts'

interface Setting<T> {
  readonly variable: string
  readonly fallback: T
  readonly allowed: string
  /** Reads text or JSON; undefined where it is not allowed. */
  readonly read: (value: unknown) => T | undefined
}

const asList = (value: unknown): readonly string[] | undefined => {
  const list =
    typeof value === 'string'
      ? value
          .split(',')
          .map(part => part.trim())
          .filter(part => part !== '')
      : value
  return Array.isArray(list) && list.every(each => typeof each === 'string') ? list : undefined
}
const asAddresses = (value: unknown) => {
  const list = asList(value)
  return list?.every(address => address.startsWith('/')) === true ? list : undefined
}
const asBoolean = (value: unknown): boolean | undefined => {
  if (typeof value === 'boolean') return value
  if (value === 'true' || value === '1' || value === 'yes') return true
  return value === 'false' || value === '0' || value === 'no' ? false : undefined
}
/** A STUN server, or a TURN server with who asks and their secret. */
const ICE = /^(stuns?|turns?):(?:([^:@\s]+):([^@\s]+)@)?([^@\s,/]+)$/
const asIceServers = (value: unknown) => {
  const list = asList(value)
  return list?.every(each => ICE.test(each) && each.startsWith('turn') === each.includes('@')) === true
    ? list
    : undefined
}
/** As WebRTC takes it. */
export function iceServerOf(text: string): IceServer {
  const [, scheme = '', username, credential, host = ''] = ICE.exec(text) ?? []
  const urls = [`${scheme}:${host}`]
  return username === undefined || credential === undefined ? { urls } : { urls, username, credential }
}
const asDuration = (value: unknown): number | undefined => {
  const ms =
    typeof value === 'number' ? value * 1_000 : typeof value === 'string' ? parseDuration(value) : undefined
  return ms !== undefined && ms >= 1 && ms <= 3_600_000 ? ms : undefined
}

/** So many bytes, and in how long. */
const BUDGET = /^(\d+(?:\.\d+)?)\s*(B|kB|MB|GB)?\s*\/\s*(\d*)\s*(min|h|d)$/i
const BYTES_OF = { b: 1, kb: 1e3, mb: 1e6, gb: 1e9 } as const
const MS_OF = { min: 60_000, h: 3_600_000, d: 86_400_000 } as const
/** `50MB/h`, `500MB/d`, `2GB/30d`, or `off`. */
export function parseBudget(value: unknown): SyncBudget | 'off' | undefined {
  if (value === 'off') return 'off'
  const [, amount, unit = 'B', times, period] =
    typeof value === 'string' ? (BUDGET.exec(value.trim()) ?? []) : []
  if (amount === undefined || period === undefined) return undefined
  const bytes = Math.round(Number(amount) * BYTES_OF[unit.toLowerCase() as keyof typeof BYTES_OF])
  const periodMs = Number(times === '' ? 1 : times) * MS_OF[period.toLowerCase() as keyof typeof MS_OF]
  return Number.isSafeInteger(bytes) && periodMs >= BUDGET_PERIOD_MS_MIN && periodMs <= BUDGET_PERIOD_MS_MAX
    ? { bytes, periodMs }
    : undefined
}

/** After how long without a key the terminal client says idle, ms; null: never. */
export function parseIdle(value: unknown): number | null | undefined {
  return value === 'off' ? null : typeof value === 'string' ? asDuration(value) : undefined
}

const ADDRESSES = 'multiaddrs, separated by commas'
/** What `parseBudget` takes. */
export const BUDGET_ALLOWED = 'bytes in a period of a minute to 31 days, such as 50MB/h or 2GB/30d; or off'

/** How much a daemon says of itself; never what anybody wrote (CR8). */
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const
type LogLevel = (typeof LOG_LEVELS)[number]

/** Every setting that has a place in the config file. */
export const SETTINGS = {
  bootstrap: { variable: 'XCORD_BOOTSTRAP', fallback: [], allowed: ADDRESSES, read: asAddresses } as Setting<
    readonly string[]
  >,
  listen: { variable: 'XCORD_LISTEN', fallback: null, allowed: ADDRESSES, read: asAddresses } as Setting<
    readonly string[] | null
  >,
  announce: { variable: 'XCORD_ANNOUNCE', fallback: null, allowed: ADDRESSES, read: asAddresses } as Setting<
    readonly string[] | null
  >,
  mdns: {
    variable: 'XCORD_MDNS',
    fallback: true,
    allowed: 'true or false',
    read: asBoolean
  } as Setting<boolean>,
  ice: {
    variable: 'XCORD_ICE',
    fallback: [],
    allowed: 'stun:host:port or turn:user:secret@host:port, separated by commas',
    read: asIceServers
  } as Setting<readonly string[]>,
  wait: {
    variable: 'XCORD_WAIT',
    fallback: 'local',
    allowed: DELIVERY_STATES.join(', '),
    read: value => DELIVERY_STATES.find(state => state === value)
  } as Setting<DeliveryState>,
  timeout: {
    variable: 'XCORD_TIMEOUT',
    fallback: 30_000,
    allowed: 'a duration such as 30s or 2m, at most 1h',
    read: asDuration
  } as Setting<number>,
  autolock: {
    variable: 'XCORD_AUTOLOCK',
    fallback: null,
    allowed: 'a duration such as 10m, at most 1h',
    read: asDuration
  } as Setting<number | null>,
  idle: {
    variable: 'XCORD_IDLE',
    fallback: '10m',
    allowed: 'a duration such as 10m, at most 1h; or off',
    read: value => (parseIdle(value) === undefined ? undefined : String(value))
  } as Setting<string>,
  syncBudget: {
    variable: 'XCORD_SYNC_BUDGET',
    fallback: null,
    allowed: BUDGET_ALLOWED,
    read: value => (parseBudget(value) === undefined ? undefined : String(value))
  } as Setting<string | null>,
  log: {
    variable: 'XCORD_LOG',
    fallback: 'info',
    allowed: LOG_LEVELS.join(', '),
    read: value => LOG_LEVELS.find(level => level === value)
  } as Setting<LogLevel>,
  server: {
    variable: 'XCORD_SERVER',
    fallback: null,
    allowed: 'id or name of a server',
    read: value => (typeof value === 'string' && value !== '' ? value : undefined)
  } as Setting<string | null>
} as const

export type SettingKey = keyof typeof SETTINGS
type ValueOf<K extends SettingKey> = (typeof SETTINGS)[K] extends Setting<infer T> ? T : never
export type Settings = { readonly [K in SettingKey]: ValueOf<K> }
export type Source = 'flag' | 'environment' | 'file' | 'default'
export type Flags = { readonly [K in SettingKey]?: unknown }

export const SETTING_KEYS = Object.keys(SETTINGS) as SettingKey[]

function refuse(key: string, allowed: string, where: string): XcordError<'XCORD_CONFIG_INVALID'> {
  return new XcordError('XCORD_CONFIG_INVALID', `${where}: "${key}" must be ${allowed}`, { key, allowed })
}

/** A key as text from the command line. XCORD_CONFIG_INVALID for one that does not exist. */
export function settingKey(text: string): SettingKey {
  const key = SETTING_KEYS.find(each => each === text)
  if (key === undefined) throw refuse(text, SETTING_KEYS.join(', '), 'setting')
  return key
}

/** The config file; an absent one is empty. XCORD_CONFIG_INVALID for a damaged one or unknown keys. */
export function readConfig(path: string): Readonly<Record<string, unknown>> {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return {}
    throw error
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    value = undefined
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw refuse(path, 'a JSON object', path)
  for (const key of Object.keys(value)) settingKey(key)
  return value as Record<string, unknown>
}

/** Writes the config file whole, or leaves the old one. */
export function writeConfig(path: string, config: Readonly<Record<string, unknown>>): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  writeFileSync(`${path}.new`, `${JSON.stringify(config, undefined, 2)}\n`, { mode: 0o600 })
  renameSync(`${path}.new`, path)
}

export interface Resolved {
  readonly settings: Settings
  readonly sources: { readonly [K in SettingKey]: Source }
}

/** One setting as text or JSON, read. XCORD_CONFIG_INVALID with where it came from. */
export function readSetting<K extends SettingKey>(key: K, value: unknown, where: string): ValueOf<K> {
  const setting = SETTINGS[key]
  const read = setting.read(value)
  if (read === undefined) throw refuse(key, setting.allowed, where)
  return read as ValueOf<K>
}

export function resolveSettings(
  flags: Flags,
  env: Environment,
  file: Readonly<Record<string, unknown>>
): Resolved {
  const settings: Record<string, unknown> = {}
  const sources: Record<string, Source> = {}
  for (const key of SETTING_KEYS) {
    const variable = env[SETTINGS[key].variable]
    const [value, source, where]: [unknown, Source, string] =
      flags[key] !== undefined
        ? [flags[key], 'flag', `--${key}`]
        : variable !== undefined && variable !== ''
          ? [variable, 'environment', SETTINGS[key].variable]
          : file[key] !== undefined
            ? [file[key], 'file', 'config file']
            : [undefined, 'default', '']
    settings[key] = source === 'default' ? SETTINGS[key].fallback : readSetting(key, value, where)
    sources[key] = source
  }
  return { settings: settings as Settings, sources: sources as Resolved['sources'] }
}
