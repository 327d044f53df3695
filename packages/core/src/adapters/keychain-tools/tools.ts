/**
 * What the systems' programs are asked (KS11). A key travels through a pipe, as lowercase hex: never as an argument, which
 * every process of the machine could read.
 */

export const SERVICE = 'xcord'

/** One run of a program: the line of arguments, and what it reads. */
export interface ToolRun {
  readonly args: readonly string[]
  readonly input?: string
}

/** A program that speaks with a keychain. */
export interface Tool {
  readonly program: string
  /** What to do where it is not installed. */
  readonly remedy: string
  read(account: string): ToolRun
  write(account: string, hex: string): ToolRun
  remove(account: string): ToolRun
  /** Whether an end other than 0 says only that nothing is kept there. */
  isNothing(code: number | null, errors: string): boolean
  /** Where finding nothing may also mean that the keychain is locked: what tells the two apart. */
  readonly locked?: { ask(account: string): ToolRun; says(output: string): boolean }
}

const attributes = (account: string): string[] => ['service', SERVICE, 'account', account]

/** libsecret's: any Secret Service, such as GNOME Keyring, KWallet and KeePassXC. */
const SECRET_TOOL: Tool = {
  program: 'secret-tool',
  remedy: 'install it (Debian, Ubuntu: libsecret-tools; Fedora: libsecret)',
  read: account => ({ args: ['lookup', ...attributes(account)] }),
  write: (account, hex) => ({
    args: ['store', `--label=XCord ${account.slice(0, 8)}`, ...attributes(account)],
    input: hex
  }),
  remove: account => ({ args: ['clear', ...attributes(account)] }),
  // It says nothing where it finds nothing, and why where it fails.
  isNothing: (code, errors) => code === 1 && errors.trim() === '',
  // Nor does it where nobody unlocked the keychain; a search lists locked items by their paths.
  locked: {
    ask: account => ({ args: ['search', ...attributes(account)] }),
    says: output => /^\[\//m.test(output)
  }
}

/** errSecItemNotFound, as an exit code. */
const NOT_FOUND = 44
const named = (account: string): string[] => ['-s', SERVICE, '-a', account]

/** macOS' own. With -i it takes commands from standard input. */
const SECURITY: Tool = {
  program: 'security',
  remedy: 'it is part of macOS',
  read: account => ({ args: ['find-generic-password', ...named(account), '-w'] }),
  write: (account, hex) => ({
    args: ['-i'],
    input: `add-generic-password -U ${named(account).join(' ')} -l XCord -w ${hex}\n`
  }),
  remove: account => ({ args: ['delete-generic-password', ...named(account)] }),
  isNothing: code => code === NOT_FOUND
}

const TOOLS: Partial<Record<NodeJS.Platform, Tool>> = { linux: SECRET_TOOL, darwin: SECURITY }

/** Undefined where XCord knows no keychain of the system. */
export const toolOf = (platform: NodeJS.Platform): Tool | undefined => TOOLS[platform]
