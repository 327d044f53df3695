/** Pieces that routes are made of. */
import Type from 'typebox'
import { input } from './route.ts'
import { literals } from './schemas.ts'

/** Messages in one page: what the SDK gives at once. */
export const PAGE_MESSAGES_MAX = 100
/** Longest a request may wait, milliseconds: an hour. */
export const WAIT_MS_MAX = 3_600_000

export const text = Type.String({ minLength: 1 })
export const reason = Type.Optional(Type.String({ minLength: 1 }))
export const timeoutMs = Type.Optional(Type.Integer({ minimum: 1, maximum: WAIT_MS_MAX }))
export const ofServer = Type.Object({ server: text })
export const ofChannel = Type.Object({ channel: text })
export const because = input({ reason })

/** Who reads what was sent before they came. */
export const History = Type.Union([
  literals('all', 'join'),
  input({ days: Type.Integer({ minimum: 1, maximum: 36_500 }) })
])
