/** KS11: the system's keychain as a port. Nothing is started before it is asked for something. */
import { type Keychain, XcordError } from '../../base/index.ts'
import { runTool, type ToolEnd } from './run-tool.ts'
import { type Tool, toolOf, type ToolRun } from './tools.ts'

const KEY_BYTES = 32
const KEY = /^[0-9a-f]{64}\n?$/
/** Names are key stores' ids: nothing that a program could take for an option or a second word. */
const ACCOUNT = /^[0-9a-f]{32}$/
const REASON_CHARACTERS_MAX = 200

export interface SystemKeychainOptions {
  /** The process' own unless told: where programs lie, and which session they speak with. */
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly platform?: NodeJS.Platform
}

function unavailable(reason: string, cause?: unknown): XcordError<'XCORD_KEYCHAIN_UNAVAILABLE'> {
  return new XcordError(
    'XCORD_KEYCHAIN_UNAVAILABLE',
    `The system's keychain cannot be used: ${reason}. The password opens the profile as ever.`,
    { reason },
    cause === undefined ? {} : { cause }
  )
}

function ended({ program }: Tool, { code, errors }: ToolEnd): string {
  if (code === null) return `${program} did not answer in time; unlock the keychain first`
  const line = errors.trim().split('\n').at(-1)?.slice(0, REASON_CHARACTERS_MAX)
  return line === undefined || line === '' ? `${program} ended with ${code}` : line.replace(/\.$/, '')
}

/**
 * The keychain of this system for whoever is logged in: Secret Service on Linux, Keychain on macOS.
 *
 * Its calls fail with XCORD_KEYCHAIN_UNAVAILABLE, RangeError for a name or key of another form.
 */
export function systemKeychain(options: SystemKeychainOptions = {}): Keychain {
  const { env = process.env, platform = process.platform } = options

  const run = async (
    account: string,
    ask: (tool: Tool) => ToolRun
  ): Promise<{ tool: Tool; end: ToolEnd }> => {
    if (!ACCOUNT.test(account)) throw new RangeError(`"${account}" is no id of a key store`)
    const tool = toolOf(platform)
    if (tool === undefined) throw unavailable(`XCord knows none on ${platform}`)
    try {
      return { tool, end: await runTool(tool.program, ask(tool), env) }
    } catch (error) {
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
      const reason = missing
        ? `the program ${tool.program} is not installed; ${tool.remedy}`
        : `the program ${tool.program} does not start`
      throw unavailable(reason, error)
    }
  }

  const read = async (account: string): Promise<Uint8Array | undefined> => {
    const { tool, end } = await run(account, each => each.read(account))
    if (end.code === 0)
      return KEY.test(end.output) ? new Uint8Array(Buffer.from(end.output.trim(), 'hex')) : undefined
    if (!tool.isNothing(end.code, end.errors)) throw unavailable(ended(tool, end))
    const { locked } = tool
    if (locked === undefined) return undefined
    const { output } = (await run(account, () => locked.ask(account))).end
    if (locked.says(output)) throw unavailable('it is locked, and was not unlocked when it was asked for')
    return undefined
  }

  return {
    read,
    write: async (account, key) => {
      if (key.length !== KEY_BYTES) throw new RangeError(`a key has ${KEY_BYTES} bytes, not ${key.length}`)
      const hex = Buffer.from(key).toString('hex')
      const { tool, end } = await run(account, each => each.write(account, hex))
      if (end.code !== 0) throw unavailable(ended(tool, end))
      // Some programs end well though nothing was kept.
      const kept = await read(account)
      if (kept === undefined || Buffer.compare(kept, key) !== 0)
        throw unavailable(`${tool.program} did not keep what it was given`)
    },
    remove: async account => {
      const { tool, end } = await run(account, each => each.remove(account))
      if (end.code !== 0 && !tool.isNothing(end.code, end.errors)) throw unavailable(ended(tool, end))
    }
  }
}
