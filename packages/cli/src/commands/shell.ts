/** Ties verbs to the command line's parser: each gets its session, its arguments and its options. */
import type { Command } from 'commander'
import { usage, type ExitCode } from '../errors/outcome.ts'
import { parseDuration } from '../render/time.ts'
import type { Session } from './session.ts'

export type Options = Readonly<Record<string, unknown>>
export type Act = (
  session: Session,
  args: readonly string[],
  options: Options
) => Promise<ExitCode | void> | ExitCode | void

export interface Shell {
  /** Runs `act` when the command is called; its exit code, if it gives one, ends the process. */
  verb(command: Command, act: Act): Command
  /** The whole program, for `completion`. */
  readonly program: Command
}

export const textOf = (options: Options, key: string): string | undefined => {
  const value = options[key]
  return typeof value === 'string' ? value : undefined
}

/** An argument the parser has made sure of. */
export function argument(args: readonly string[], at: number): string {
  const value = args[at]
  if (value === undefined) throw usage(String(at), 'an argument is missing')
  return value
}

/** A whole number of at least one. XCORD_USAGE. */
export function countOf(options: Options, key: string): number | undefined {
  const text = textOf(options, key)
  if (text === undefined) return undefined
  if (!/^[1-9]\d{0,8}$/.test(text))
    throw usage(`--${key}`, `--${key} must be a whole number of at least 1, not "${text}"`)
  return Number(text)
}

/** A duration in milliseconds. XCORD_USAGE. */
export function durationOf(options: Options, key: string): number | undefined {
  const text = textOf(options, key)
  if (text === undefined) return undefined
  const ms = parseDuration(text)
  if (ms === undefined || ms < 1)
    throw usage(`--${key}`, `--${key} must be a duration such as 30s, 15m, 2h or 7d, not "${text}"`)
  return ms
}

/** `{ reason }` where one was given: for the audit log. */
export const reasonOf = (options: Options): { readonly reason?: string } => {
  const reason = textOf(options, 'reason')
  return reason === undefined ? {} : { reason }
}

/** Gathers an option that may be given several times, or with commas. */
export function gather(text: string, before: readonly string[] | undefined): readonly string[] {
  return [
    ...(before ?? []),
    ...text
      .split(',')
      .map(part => part.trim())
      .filter(part => part !== '')
  ]
}
