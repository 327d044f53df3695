/** JSON log lines (BN11): what happened and its code; whom it concerns only where the operator wants that. */
import { pino, type Logger } from 'pino'
import type { NodeConfig } from './config-schema.ts'

/** The fields that name peers. */
const NAMING = ['peer', 'peers', 'address', 'addresses', 'listen', 'announce']

/** Makes the logger; its lines go to standard error, so that standard output stays the program's. */
export function createLogger(
  config: NodeConfig['log'],
  destination: NodeJS.WritableStream = process.stderr
): Logger {
  return pino(
    {
      level: config.level,
      base: { program: 'xcord-node' },
      redact: config.addresses ? [] : { paths: NAMING, remove: true },
      formatters: { level: label => ({ level: label }) },
      timestamp: () => `,"time":"${new Date().toISOString()}"`
    },
    destination
  )
}
