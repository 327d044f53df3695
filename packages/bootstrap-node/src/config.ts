/** Reads configuration (BN1): flag before environment before file before default, and every mistake by its place. */
import { readFileSync } from 'node:fs'
import { Value } from 'typebox/value'
import { isMap, isScalar, LineCounter, parseDocument } from 'yaml'
import { XcordError } from '@xcord/core/base'
import { allowedText, type NodeConfig, type Setting, SETTINGS } from './config-schema.ts'

/** Where values come from. */
export interface ConfigSources {
  /** Path of a YAML file. */
  readonly file?: string | undefined
  readonly environment: Readonly<Record<string, string | undefined>>
  /** By dotted key, as text or ready. */
  readonly flags: Readonly<Record<string, unknown>>
}

/** A value and who set it, for `check`. */
export interface SourcedValue {
  readonly key: string
  readonly value: unknown
  readonly source: 'flag' | 'environment' | 'file' | 'default'
}

/** A whole configuration and where each value came from. */
export interface LoadedConfig {
  readonly config: NodeConfig
  readonly values: readonly SourcedValue[]
}

interface FileValue {
  readonly value: unknown
  readonly line: number
}

/**
 * Reads and checks everything before anything starts.
 *
 * @throws XCORD_CONFIG_INVALID naming key, place and allowed values.
 */
export function loadConfig(sources: ConfigSources): LoadedConfig {
  const path = sources.file ?? sources.environment['XCORD_NODE_CONFIG']
  const file = path === undefined ? new Map<string, FileValue>() : readFile(path)
  for (const name of Object.keys(sources.environment)) checkVariable(name)
  for (const key of Object.keys(sources.flags))
    if (settingOf(key) === undefined) throw unknownKey(key, 'on the command line')

  const values = SETTINGS.map((setting): SourcedValue => {
    const flag = sources.flags[setting.key]
    if (flag !== undefined) return checked(setting, flag, 'flag', 'on the command line')
    const variable = sources.environment[setting.variable]
    if (variable !== undefined && variable !== '')
      return checked(setting, variable, 'environment', `in ${setting.variable}`)
    const line = file.get(setting.key)
    if (line !== undefined) return checked(setting, line.value, 'file', `in ${path}, line ${line.line}`)
    return { key: setting.key, value: setting.schema.default, source: 'default' }
  })
  return { config: assemble(values), values }
}

function settingOf(key: string): Setting | undefined {
  return SETTINGS.find(each => each.key === key)
}

function unknownKey(key: string, place: string): XcordError<'XCORD_CONFIG_INVALID'> {
  const near = SETTINGS.map(each => each.key).filter(each =>
    each.toLowerCase().includes(key.toLowerCase().split('.').at(-1) ?? key)
  )
  const allowed = (near.length > 0 && near.length < 6 ? near : SETTINGS.map(each => each.key)).join(', ')
  return new XcordError('XCORD_CONFIG_INVALID', `Unknown key "${key}" ${place}. Known: ${allowed}.`, {
    key,
    allowed
  })
}

/** A mistyped variable would be obeyed by nobody and noticed by nobody. */
function checkVariable(name: string): void {
  if (!name.startsWith('XCORD_NODE_') || name === 'XCORD_NODE_CONFIG') return
  if (SETTINGS.some(each => each.variable === name)) return
  throw new XcordError(
    'XCORD_CONFIG_INVALID',
    `Unknown variable ${name}. Known: ${SETTINGS.map(each => each.variable).join(', ')}.`,
    { key: name }
  )
}

function checked(
  setting: Setting,
  raw: unknown,
  source: SourcedValue['source'],
  place: string
): SourcedValue {
  const value = source === 'file' ? raw : coerce(setting, raw)
  if (!Value.Check(setting.schema, value)) {
    const allowed = allowedText(setting.schema)
    const shown = typeof raw === 'string' ? `"${raw}"` : JSON.stringify(raw)
    throw new XcordError(
      'XCORD_CONFIG_INVALID',
      `${setting.key} is ${shown} ${place}; it must be ${allowed}.`,
      { key: setting.key, allowed }
    )
  }
  return { key: setting.key, value, source }
}

/** Text of flags and variables as the key's type wants it; what does not fit stays as it is and fails the check. */
function coerce(setting: Setting, raw: unknown): unknown {
  if (typeof raw !== 'string') return raw
  const { type } = setting.schema as { type?: string }
  if (type === 'boolean') return raw === 'true' ? true : raw === 'false' ? false : raw
  if (type === 'integer') return /^\d+$/.test(raw) ? Number(raw) : raw
  if (type === 'array')
    return raw
      .split(',')
      .map(each => each.trim())
      .filter(each => each !== '')
  return raw
}

function assemble(values: readonly SourcedValue[]): NodeConfig {
  const out: Record<string, unknown> = {}
  for (const { key, value } of values) {
    const path = key.split('.')
    const last = path.pop() as string
    let at = out
    for (const name of path) at = (at[name] ??= {}) as Record<string, unknown>
    at[last] = value
  }
  return out as unknown as NodeConfig
}

function readFile(path: string): ReadonlyMap<string, FileValue> {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    const why =
      error instanceof Error && 'code' in error && error.code === 'ENOENT'
        ? 'does not exist'
        : 'cannot be read'
    throw new XcordError(
      'XCORD_CONFIG_INVALID',
      `The configuration file ${path} ${why}.`,
      { key: 'config' },
      { cause: error }
    )
  }
  const counter = new LineCounter()
  const document = parseDocument(text, { lineCounter: counter })
  const broken = document.errors[0]
  if (broken !== undefined) {
    const line = broken.linePos?.[0].line ?? 1
    const why = broken.message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '')
    throw new XcordError('XCORD_CONFIG_INVALID', `${path}, line ${line}, is not YAML: ${why}.`, {
      key: 'config'
    })
  }
  const out = new Map<string, FileValue>()
  const walk = (node: unknown, keys: readonly string[]): void => {
    if (!isMap(node)) return
    for (const pair of node.items) {
      const name = isScalar(pair.key) ? String(pair.key.value) : ''
      const key = [...keys, name].join('.')
      const offset = isScalar(pair.key) ? pair.key.range?.[0] : undefined
      const { line } = counter.linePos(offset ?? 0)
      if (isMap(pair.value) && SETTINGS.some(each => each.key.startsWith(`${key}.`))) {
        walk(pair.value, [...keys, name])
      } else if (settingOf(key) === undefined) {
        throw unknownKey(key, `in ${path}, line ${line}`)
      } else {
        out.set(key, { value: document.getIn([...keys, name].map(String), false) ?? null, line })
      }
    }
  }
  if (document.contents !== null && !isMap(document.contents)) {
    throw new XcordError('XCORD_CONFIG_INVALID', `${path} must hold keys and values.`, { key: 'config' })
  }
  walk(document.contents, [])
  for (const [key, each] of out) {
    const value = each.value as { toJSON?: () => unknown } | null
    if (typeof value?.toJSON === 'function') out.set(key, { ...each, value: value.toJSON() })
  }
  return out
}
