/** Imports and copies in the shapes people see. */
import type { CopyReport, ImportReport } from '@xcord/core/node'
import { toHex } from '@xcord/core/encoding'
import type { Copied, CopyJson, Imported, ImportJson } from '../export-types.ts'
import type { Server } from '../server-types.ts'
import { dateOf } from './date-of.ts'

export function toImported(server: Server, report: ImportReport): Imported {
  const json: ImportJson = {
    server: report.server,
    name: report.name,
    operations: report.operations,
    fresh: report.fresh,
    stateHash: toHex(report.stateHash),
    merged: toHex(report.merged),
    part: report.part,
    enrolled: report.enrolled,
    exportedBy: report.exporter,
    exportedAt: dateOf(report.at).toISOString(),
    content: report.content
  }
  return { ...json, server, toJSON: () => json }
}

export function toCopied(server: Server, report: CopyReport): Copied {
  const json: CopyJson = { ...report, name: server.name }
  return { ...json, server, toJSON: () => json }
}
