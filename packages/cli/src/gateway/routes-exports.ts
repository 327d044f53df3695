/** Routes of server exports: files travel as bytes, in either direction, and are never held whole. */
import Type from 'typebox'
import { CopySchema, ExportSchema, ImportSchema } from './export-schemas.ts'
import { ofServer, text } from './route-parts.ts'
import { input, route } from './route.ts'

export const exports = {
  exportServer: route({
    method: 'GET',
    url: '/v1/servers/:server/export',
    tag: 'servers',
    summary:
      'The server as a signed file; with content, sealed messages and keys too; as it stood at (until: an operation or a time) or before an operation',
    params: ofServer,
    query: input({
      content: Type.Optional(Type.Boolean()),
      until: Type.Optional(text),
      before: Type.Optional(text)
    }),
    bytes: 'reply',
    reply: Type.Unsafe<never>({ type: 'string', format: 'binary' })
  }),
  createBackup: route({
    method: 'GET',
    url: '/v1/backup',
    tag: 'identity',
    summary: 'The whole profile as one sealed file, as it is now; the 24 words open it',
    query: input({}),
    bytes: 'reply',
    reply: Type.Unsafe<never>({ type: 'string', format: 'binary' })
  }),
  verifyExport: route({
    method: 'POST',
    url: '/v1/exports/verify',
    tag: 'servers',
    summary: 'Verifies the export of a server, and says what it makes; nothing is kept',
    query: input({ server: Type.Optional(text) }),
    bytes: 'body',
    reply: ExportSchema
  }),
  importServer: route({
    method: 'POST',
    url: '/v1/imports',
    tag: 'servers',
    status: 201,
    summary: 'Takes in the export of a server of this identity; enrol adds this device to it',
    query: input({ enrol: Type.Optional(Type.Boolean()) }),
    bytes: 'body',
    reply: ImportSchema
  }),
  copyServer: route({
    method: 'POST',
    url: '/v1/copies',
    tag: 'servers',
    status: 201,
    summary:
      'Founds a new server as the one of an export stood; its members are invited anew and get back what they had',
    query: input({ name: Type.Optional(text) }),
    bytes: 'body',
    reply: CopySchema
  })
}
