import type { OperationOutcome } from '@xcord/core/node'
import type { Written } from '../types.ts'

/** What a write gives back. */
export function toWritten(outcome: OperationOutcome): Written {
  const { operation, standing, delivery } = outcome
  return { operation, standing, delivery, toJSON: () => ({ operation, standing, delivery }) }
}
