/** The command line from first word to exit code. */
import { Command, CommanderError } from 'commander'
import { isXcordError } from '@xcord/core'
import { errorJson, EXIT, outcomeOf, usage } from '../errors/outcome.ts'
import { profilePaths } from '../profile/paths.ts'
import { type Flags, readConfig, resolveSettings } from '../profile/settings.ts'
import { createOutput, type Output } from '../render/output.ts'
import { createAsker, type Asker } from '../terminal/ask.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { VERSION } from '../version.ts'
import { registerAuthority } from './authority-commands.ts'
import { registerAutomod } from './automod-commands.ts'
import { registerBackup } from './backup-commands.ts'
import { registerConfiguration } from './config-commands.ts'
import { registerDaemon } from './daemon-commands.ts'
import { registerDirect } from './dm-commands.ts'
import { registerDevices } from './device-commands.ts'
import { registerExplain } from './explain-commands.ts'
import { registerExports } from './export-commands.ts'
import { registerKeychain } from './keychain-commands.ts'
import { registerLock } from './lock-commands.ts'
import { registerMessages } from './message-commands.ts'
import { registerModeration } from './moderation-commands.ts'
import { registerNetwork } from './network-commands.ts'
import { registerPeople } from './people-commands.ts'
import { registerProfile } from './profile-commands.ts'
import { registerSafety } from './safety-commands.ts'
import { registerRequests } from './request-commands.ts'
import { registerCommunity } from './server-commands.ts'
import type { Session } from './session.ts'
import { gather, type Options, type Shell, textOf } from './shell.ts'
import { registerThings } from './thing-commands.ts'
import { registerName } from './name-commands.ts'
import { registerPresence } from './presence-commands.ts'
import { registerSync } from './sync-commands.ts'
import { registerVoice } from './voice-commands.ts'
import { registerThreads } from './thread-commands.ts'
import { registerTui } from './tui-commands.ts'
import { registerVerifyProfile } from './verify-commands.ts'

const EPILOGUE = `
Names: #general, @ada, a whole id, or its first six characters where they are unique.
Exit codes: 0 done; 1 fault; 2 usage; 3 not found; 4 denied; 5 locked; 6 nobody reached; 7 deadline passed,
kept locally; 8 conflict; 9 verification failed; 10 limit; 130 interrupted.
Every global option but --yes has a variable too, such as XCORD_PROFILE; "xcord config list" shows the rest.`

const isOn = (value: string | undefined) => value !== undefined && /^(1|true|yes)$/i.test(value)

function createProgram(): Command {
  return new Command('xcord')
    .description('XCord: community chat with nobody in the middle')
    .option('--profile <name>', 'profile to use; default: default')
    .option('--json', 'answer in JSON: an object, or a line for each item')
    .option('--quiet', 'say nothing but data and errors')
    .option('--yes', 'ask no questions')
    .option('--timeout <duration>', 'longest wait for the network; default: 30s')
    .option('--wait <level>', 'for send: local, sent, stored, delivered or seen')
    .option('--server <server>', 'server to act in; default: the only one, or the one used last')
    .option(
      '--password-file <path>',
      'file with the password; else it is asked for, or read from standard input'
    )
    .option('--bootstrap <address>', 'node that helps to find others (repeat)', gather)
    .option('--listen <address>', 'address to listen on (repeat)', gather)
    .option('--announce <address>', 'address to announce (repeat)', gather)
    .option('--ice <url>', 'STUN or TURN server for voice (repeat)', gather)
    .option('--sync-budget <amount>', 'what may be spent on older messages and for others, such as 50MB/h')
    .option('--no-mdns', 'do not look for peers in the local network')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help')
    .version(VERSION, '-V, --version', 'show the version')
    .addHelpText('after', EPILOGUE)
}

function openSession(
  terminal: Terminal,
  output: Output,
  asker: Asker,
  options: Options,
  signal: AbortSignal
): Session {
  const { env } = terminal
  const paths = profilePaths(textOf(options, 'profile') ?? (env['XCORD_PROFILE'] || 'default'), env)
  const flags: Flags = {
    bootstrap: options['bootstrap'],
    listen: options['listen'],
    announce: options['announce'],
    ice: options['ice'],
    // Commander gives the default of --no-mdns as true.
    mdns: options['mdns'] === false ? false : undefined,
    wait: options['wait'],
    syncBudget: options['syncBudget'],
    timeout: options['timeout'],
    server: options['server']
  }
  return {
    terminal,
    paths,
    settings: resolveSettings(flags, env, readConfig(paths.config)).settings,
    output,
    asker,
    yes: options['yes'] === true || isOn(env['XCORD_YES']),
    passwordFile: textOf(options, 'passwordFile') ?? (env['XCORD_PASSWORD_FILE'] || undefined),
    signal
  }
}

function registerAll(program: Command, shell: Shell): void {
  registerTui(program, shell)
  registerProfile(program, shell)
  registerDevices(program, shell)
  registerDirect(program, shell)
  registerSafety(program, shell)
  registerLock(program, shell)
  registerKeychain(program, shell)
  registerVerifyProfile(program, shell)
  registerBackup(program, shell)
  registerCommunity(program, shell)
  registerRequests(program, shell)
  registerPeople(program, shell)
  registerModeration(program, shell)
  registerThreads(program, shell)
  registerVoice(program, shell)
  registerPresence(program, shell)
  registerName(program, shell)
  registerSync(program, shell)
  registerAutomod(program, shell)
  registerAuthority(program, shell)
  registerExplain(program, shell)
  registerExports(program, shell)
  registerMessages(program, shell)
  registerThings(program, shell)
  registerNetwork(program, shell)
  registerDaemon(program, shell)
  program
    .command('node')
    .description('run a community node: discovery and relay; "xcord node --help" shows its own commands')
    .helpOption(false)
  registerConfiguration(program, shell)
}

/** `xcord node …` belongs to the node's own package, options and all. */
function nodeArguments(argv: readonly string[]): readonly string[] | undefined {
  return argv[0] === 'node' ? argv.slice(1) : undefined
}

async function runNode(argv: readonly string[]): Promise<number> {
  const { runNodeCommand } = await import('@xcord/bootstrap-node')
  const code: unknown = await runNodeCommand([...argv])
  return typeof code === 'number' ? code : EXIT.done
}

/** Output before options are parsed, for errors in them. */
function earlyOutput({ stdout, stderr, env }: Terminal, argv: readonly string[]): Output {
  const has = (flag: string) => argv.includes(flag)
  return createOutput({
    stdout,
    stderr,
    json: has('--json') || isOn(env['XCORD_JSON']),
    quiet: has('--quiet') || isOn(env['XCORD_QUIET'])
  })
}

function quietParser(command: Command, terminal: Terminal): void {
  command.exitOverride()
  command.configureOutput({
    writeOut: text => void terminal.stdout.write(text),
    // Errors are reported once, as our own.
    writeErr: () => undefined
  })
  for (const each of command.commands) quietParser(each, terminal)
}

/** What the parser threw: help and version are answers, the rest is usage. */
function parserOutcome(
  error: CommanderError,
  output: Output,
  program: Command,
  argv: readonly string[]
): number {
  if (error.exitCode === 0) return EXIT.done
  if (error.code === 'commander.help') {
    // A noun without its verb: its help says which there are.
    const noun = program.commands.find(each => argv.includes(each.name())) ?? program
    output.note(noun.helpInformation())
    output.error(
      usage('command', noun === program ? 'say what to do' : `say what to do with "${noun.name()}"`)
    )
  } else output.error(usage('command line', error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ')))
  return EXIT.usage
}

/**
 * Runs one command line.
 *
 * @param argv - Without the program's own names.
 * @returns The exit code, as documented in `EXIT`.
 */
export async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  const output = earlyOutput(terminal, argv)
  const stop = new AbortController()
  const offStop = terminal.onStop(() => stop.abort())
  const asker = createAsker(terminal)
  const program = createProgram()
  let code: number = EXIT.done
  let session: Session | undefined
  const shell: Shell = {
    program,
    verb: (command, act) =>
      command.action(async (...raw: unknown[]) => {
        const self = raw[raw.length - 1] as Command
        const options = self.optsWithGlobals<Options>()
        if (options['wait'] !== undefined && self.name() !== 'send')
          throw usage('--wait', '--wait belongs to "send"')
        session = openSession(terminal, output, asker, options, stop.signal)
        const args = raw
          .slice(0, self.registeredArguments.length)
          .flat()
          .filter(each => typeof each === 'string')
        code = (await act(session, args, options)) ?? EXIT.done
      })
  }
  registerAll(program, shell)
  quietParser(program, terminal)
  try {
    const forNode = nodeArguments(argv)
    if (forNode !== undefined) return await runNode(forNode)
    await program.parseAsync([...argv], { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) code = parserOutcome(error, output, program, argv)
    else {
      code =
        stop.signal.aborted && !isXcordError(error) ? EXIT.interrupted : outcomeOf(errorJson(error).code).exit
      if (!(stop.signal.aborted && code === EXIT.interrupted)) output.error(error)
      terminal.report?.({ error: errorJson(error) })
    }
  } finally {
    asker.close()
    await session?.opened?.close()
    offStop()
  }
  return code
}
