/** `xcord-node` and `xcord node`: run, check, info. */
import { Command, CommanderError, Option } from 'commander'
import { isXcordError, XcordError } from '@xcord/core/base'
import { createBootstrapNode } from './bootstrap-node.ts'
import { type LoadedConfig, loadConfig } from './config.ts'
import { LOG_LEVELS, SETTINGS } from './config-schema.ts'
import { exitCodeOf } from './exit-codes.ts'
import { describeNode } from './describe-node.ts'

/** Where a command writes and what it obeys: the process, or a test. */
export interface NodeCommandDeps {
  readonly environment: Readonly<Record<string, string | undefined>>
  out(text: string): void
  err(text: string): void
  /** Ends with SIGTERM or SIGINT; a second signal hurries. */
  stopSignals(): { readonly first: Promise<void>; readonly second: AbortSignal; release(): void }
}

interface Flags {
  readonly config?: string
  readonly keyFile?: string
  readonly listen?: string[]
  readonly announce?: string[]
  readonly http?: string
  readonly logLevel?: string
  readonly dev?: boolean
  readonly set?: string[]
  readonly json?: boolean
}

/** The process as it is. */
export function processDeps(): NodeCommandDeps {
  return {
    environment: process.env,
    out: text => process.stdout.write(`${text}\n`),
    err: text => process.stderr.write(`${text}\n`),
    stopSignals: () => {
      const hurry = new AbortController()
      let seen: (() => void) | undefined
      const first = new Promise<void>(resolve => (seen = resolve))
      let count = 0
      const onSignal = (): void => {
        count++
        seen?.()
        if (count > 1) hurry.abort()
      }
      process.on('SIGTERM', onSignal)
      process.on('SIGINT', onSignal)
      return {
        first,
        second: hurry.signal,
        release: () => {
          process.off('SIGTERM', onSignal)
          process.off('SIGINT', onSignal)
        }
      }
    }
  }
}

/** The command, to be hung below another or run alone. `done` gets the exit code of what ran. */
export function createNodeCommand(
  name: string,
  deps: NodeCommandDeps,
  done: (code: number) => void
): Command {
  const command = new Command(name)
    .description('Run a community node: discovery and relay for peers it cannot read')
    .configureOutput({
      writeOut: text => deps.out(text.trimEnd()),
      writeErr: text => deps.err(text.trimEnd())
    })
  const run = async (flags: Flags, work: (loaded: LoadedConfig) => Promise<number>): Promise<void> => {
    try {
      done(
        await work(
          loadConfig({ file: flags.config, environment: deps.environment, flags: flagValues(flags) })
        )
      )
    } catch (error) {
      done(report(error, flags, deps))
    }
  }
  withFlags(command.command('run'))
    .description('Start the node; SIGTERM stops it')
    .action(async (flags: Flags) => await run(flags, async loaded => await runNode(loaded, flags, deps)))
  withFlags(command.command('check'))
    .description('Check the configuration, and show each value and where it comes from')
    .action(
      async (flags: Flags) =>
        await run(flags, async ({ values }) => {
          for (const each of values)
            deps.out(
              flags.json === true
                ? JSON.stringify(each)
                : `${each.key} = ${JSON.stringify(each.value)}  (${each.source})`
            )
          return 0
        })
    )
  withFlags(command.command('info'))
    .description("Show the node's id and the addresses it announces")
    .action(
      async (flags: Flags) =>
        await run(flags, async ({ config }) => {
          const info = await describeNode(config)
          deps.out(
            flags.json === true ? JSON.stringify(info) : [`node ${info.node}`, ...info.addresses].join('\n')
          )
          return 0
        })
    )
  return command
}

function withFlags(command: Command): Command {
  const list = (value: string, all: string[] = []): string[] => [...all, value]
  return command
    .option('--config <file>', 'YAML file (XCORD_NODE_CONFIG)')
    .option('--key-file <file>', 'identity of the node')
    .option('--listen <address>', 'listen here; may be repeated', list)
    .option('--announce <address>', 'say this address to others; may be repeated', list)
    .option('--http <host:port>', 'health and metrics port, or "off"')
    .addOption(new Option('--log-level <level>', 'how much is logged').choices(LOG_LEVELS))
    .option('--dev', 'for one machine: announce what it listens on, no limits per host')
    .option('--set <key=value>', `any key: ${SETTINGS.map(each => each.key).join(', ')}`, list)
    .option('--json', 'answers and errors as JSON')
    .exitOverride()
}

function flagValues(flags: Flags): Record<string, unknown> {
  const out: Record<string, unknown> = {}
  for (const pair of flags.set ?? []) {
    const at = pair.indexOf('=')
    if (at < 1)
      throw new XcordError('XCORD_USAGE', `--set wants key=value, not "${pair}".`, { argument: pair })
    out[pair.slice(0, at)] = pair.slice(at + 1)
  }
  if (flags.keyFile !== undefined) out['keyFile'] = flags.keyFile
  if (flags.listen !== undefined) out['listen'] = flags.listen
  if (flags.announce !== undefined) out['announce'] = flags.announce
  if (flags.logLevel !== undefined) out['log.level'] = flags.logLevel
  if (flags.dev !== undefined) out['dev'] = flags.dev
  if (flags.http === 'off') {
    out['http.enabled'] = false
  } else if (flags.http !== undefined) {
    const at = flags.http.lastIndexOf(':')
    if (at < 1)
      throw new XcordError('XCORD_USAGE', `--http wants host:port, not "${flags.http}".`, {
        argument: flags.http
      })
    out['http.host'] = flags.http.slice(0, at).replace(/^\[|\]$/g, '')
    out['http.port'] = flags.http.slice(at + 1)
  }
  return out
}

async function runNode({ config }: LoadedConfig, flags: Flags, deps: NodeCommandDeps): Promise<number> {
  // Signals first: one that comes while starting must still end the node politely.
  const signals = deps.stopSignals()
  try {
    const node = await createBootstrapNode({ config })
    await node.start()
    const status = node.status()
    if (flags.json === true) {
      deps.out(JSON.stringify({ type: 'node:start', ...status }))
    } else {
      deps.out(
        [
          `node ${status.node}`,
          ...status.addresses,
          status.ready ? 'ready' : `not ready: ${status.missing.join('; ')}`
        ].join('\n')
      )
    }
    await signals.first
    await node.stop({ signal: signals.second })
    return 0
  } finally {
    signals.release()
  }
}

function report(error: unknown, flags: Flags, deps: NodeCommandDeps): number {
  if (!isXcordError(error)) throw error
  deps.err(
    flags.json === true
      ? JSON.stringify({
          error: { code: error.code, message: error.message, details: error.details, docs: error.docs }
        })
      : `${error.message} [${error.code}]`
  )
  return exitCodeOf(error.code)
}

/**
 * Runs one command line and tells how it ended.
 *
 * @param argv - Without program names: `['run', '--dev']`.
 */
export async function runNodeCommand(
  argv: readonly string[],
  deps: NodeCommandDeps = processDeps()
): Promise<number> {
  let code = 0
  const command = createNodeCommand('xcord-node', deps, ended => {
    code = ended
  }).exitOverride()
  try {
    await command.parseAsync([...argv], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    // Help and version end well; everything else that commander refuses is a usage error.
    return error.exitCode === 0 ? 0 : exitCodeOf('XCORD_USAGE')
  }
  return code
}
