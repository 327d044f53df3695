/** An export in the words of its options. */
import type { ExportPoint } from '@xcord/core/archive'
import type { Replica } from '@xcord/core/node'
import type { ByteSource, ExportOptions } from '../export-types.ts'

/** TypeError where the options contradict each other. */
export function exportOf(replica: Replica, options: ExportOptions): ByteSource {
  const point = pointOf(options)
  if (point !== undefined && options.content === true)
    throw new TypeError('an export of the past has no content')
  return replica.exportServer({
    content: options.content ?? false,
    ...(point === undefined ? {} : { point })
  })
}

function pointOf({ until, before }: ExportOptions): ExportPoint | undefined {
  if (until !== undefined && before !== undefined) throw new TypeError('either until or before')
  if (before !== undefined) return { kind: 'before', operation: before }
  if (until === undefined) return undefined
  return until instanceof Date ? { kind: 'at', at: until.getTime() } : { kind: 'until', operation: until }
}
