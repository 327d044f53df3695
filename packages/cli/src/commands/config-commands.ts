import type { Command } from 'commander'
import { usage } from '../errors/outcome.ts'
import { schemaDocument } from '../gateway/document.ts'
import {
  readConfig,
  readSetting,
  resolveSettings,
  SETTING_KEYS,
  type SettingKey,
  settingKey,
  type Settings,
  SETTINGS,
  writeConfig
} from '../profile/settings.ts'
import { table } from '../render/table.ts'
import { VERSION, WIRE_VERSION } from '../version.ts'
import { bashCompletion, fishCompletion, zshCompletion } from './completion.ts'
import type { Session } from './session.ts'
import { argument, type Shell } from './shell.ts'

const textual = (key: SettingKey, value: Settings[SettingKey]): string => {
  if (typeof value === 'object') return value === null ? '' : value.join(',')
  if (key === 'timeout' && typeof value === 'number') return `${value / 1_000}s`
  return String(value)
}

function entry(session: Session, key: SettingKey) {
  const { settings, sources } = resolveSettings({}, session.terminal.env, readConfig(session.paths.config))
  return { key, value: settings[key], source: sources[key] }
}

function registerConfig(program: Command, { verb }: Shell): void {
  const config = program
    .command('config')
    .description('settings of this profile: flag, then XCORD_* variable, then file, then default')
  const show = (entries: readonly { key: SettingKey; value: Settings[SettingKey]; source: string }[]) =>
    table(entries, [
      { title: 'key', of: each => each.key },
      { title: 'value', of: each => textual(each.key, each.value) },
      { title: 'source', of: each => each.source },
      { title: 'variable', of: each => SETTINGS[each.key].variable }
    ])
  verb(config.command('list').description('all settings and where they come from'), session => {
    session.output.list(
      SETTING_KEYS.map(key => entry(session, key)),
      show,
      ''
    )
  })
  verb(config.command('get <key>').description('one setting'), (session, args) => {
    const found = entry(session, settingKey(argument(args, 0)))
    session.output.answer(found, () => textual(found.key, found.value))
  })
  verb(
    config
      .command('set <key> [value...]')
      .description('write it to the config file; without a value, remove it'),
    (session, args) => {
      const key = settingKey(argument(args, 0))
      const values = args.slice(1)
      const { [key]: _old, ...others } = readConfig(session.paths.config)
      if (values.length === 0) writeConfig(session.paths.config, others)
      else {
        const text = values.join(',')
        readSetting(key, text, 'config set')
        writeConfig(session.paths.config, { ...others, [key]: text })
      }
      const now = entry(session, key)
      session.output.done(now, () => show([now]))
    }
  )
}

const SHELLS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const

/** `config`, `schema`, `completion`, `version`. */
export function registerConfiguration(program: Command, shell: Shell): void {
  registerConfig(program, shell)
  const { verb } = shell
  verb(program.command('schema').description('JSON Schema of everything --json prints'), session => {
    session.output.raw(JSON.stringify(schemaDocument(), undefined, session.output.json ? undefined : 2))
  })
  verb(
    program.command('completion [shell]').description(`completion script: ${Object.keys(SHELLS).join(', ')}`),
    (session, args) => {
      const name = args[0] ?? 'bash'
      if (!Object.hasOwn(SHELLS, name))
        throw usage('shell', `there are scripts for ${Object.keys(SHELLS).join(', ')}, not for "${name}"`)
      session.output.raw(SHELLS[name as keyof typeof SHELLS](shell.program))
    }
  )
  verb(program.command('version').description('versions of XCord, its formats and Node.js'), session => {
    const versions = { version: VERSION, wire: WIRE_VERSION, node: process.versions.node }
    session.output.answer(
      versions,
      () => `xcord ${VERSION} (formats ${WIRE_VERSION}, Node.js ${process.versions.node})`
    )
  })
}
