/** What a thousand histories and more must have come across, so that none of their checks stands idle. */
import { type KindName, KINDS } from '../../../src/authority/index.ts'

/** Refused in version 1 whatever anybody does (AU7, ADR 0025). */
const NEVER: ReadonlySet<string> = new Set<KindName>(['transferRecover'])
/** Made once, before everything. */
const FOUNDING: ReadonlySet<string> = new Set<KindName>(['genesis'])

const kinds = Object.keys(KINDS)
const possible = kinds.filter(name => !NEVER.has(name))

export const COVERED: readonly string[] = [
  ...possible.flatMap(name => [`accepts ${name}`, `stands ${name}`]),
  ...kinds.filter(name => !FOUNDING.has(name)).map(name => `refuses ${name}`),
  'refuses unknown',
  'refuses newer',
  ...['AU1', 'AU5', 'AU7', 'AU8', 'AU9', 'AU14'].map(rule => `rejects by ${rule}`),
  'strikes AU19 unreckoned',
  'strikes AU19 unheeded',
  'strikes AU19 past',
  'strikes AU20 unreckoned',
  'strikes AU20 unheeded',
  'strikes AU21 unreckoned',
  'strikes AU21 unreckoned transfer',
  'strikes AU22 unreckoned',
  'strikes AU22 unheeded',
  ...['AU18', 'AU19', 'AU20', 'AU21', 'AU22', 'AU26'].map(rule => `voids ${rule}`),
  'operation:void',
  'operation:restore',
  'bans',
  'backdated',
  'puppets',
  'forks',
  'hostile',
  'views',
  'slow mode',
  'private thread',
  'seals an assignment',
  'judges visible',
  'judges rejected by AU35',
  'judges hidden by AU22',
  'judges hidden by AU36',
  'judges hidden by AU37',
  'readmitted'
]
