/** `verifyServerExport` for browsers. */
import { createSuite } from './create-client.ts'
import type { ByteSource, ExportJson, VerifyExportOptions } from '../export-types.ts'
import { verifyExport } from '../live/verify-export.ts'

/**
 * Verifies the export of a server, without profile, peer or network: every operation is judged again, and what the
 * seal says must be what comes out. Memory grows with the operations, not with content.
 *
 * @returns The server that its operations make. XCORD_EXPORT_INVALID with the rule that the file breaks.
 *
 * @example
 * const { name, stateHash, members } = await verifyServerExport(createReadStream('engine.xcord'))
 */
export async function verifyServerExport(
  source: ByteSource,
  options: VerifyExportOptions = {}
): Promise<ExportJson> {
  return await verifyExport(await createSuite(), source, options)
}
