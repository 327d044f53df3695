/** The audit log in the shapes people see. */
import type { AuditEntry } from '@xcord/core/node'
import { dateOf } from './date-of.ts'
import type { AuditJson } from '../shapes.ts'
import type { AuditOptions, AuditPage } from '../types.ts'
import type { LiveServer } from './server.ts'

const PAGE = 50

/** One page, newest first. */
export async function auditOf(server: LiveServer, options: AuditOptions): Promise<AuditPage> {
  const { since, until, limit = PAGE, ...rest } = options
  const page = await server.replica.audit({
    ...rest,
    limit,
    ...(since === undefined ? {} : { since: since.getTime() }),
    ...(until === undefined ? {} : { until: until.getTime() })
  })
  return { items: page.entries.map(each => auditJson(server, each)), next: page.next }
}

function auditJson(server: LiveServer, entry: AuditEntry): AuditJson {
  const { operation, actor, action, target, reason, at, standing, rule, by, forked } = entry
  return {
    operation,
    actor,
    actorName: actor === null ? null : server.liveMember(actor).name,
    action,
    target,
    reason,
    at: dateOf(at).toISOString(),
    standing,
    ...(rule === undefined ? {} : { rule }),
    ...(by === undefined ? {} : { by }),
    ...(forked === undefined ? {} : { forked })
  }
}
