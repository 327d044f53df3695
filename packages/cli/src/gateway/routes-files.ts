/** Routes of files: bytes in, named by the next message; bytes out, checked piece by piece. */
import Type from 'typebox'
import { text } from './route-parts.ts'
import { route } from './route.ts'

export const files = {
  uploadFile: route({
    method: 'POST',
    url: '/v1/uploads',
    tag: 'messages',
    status: 201,
    summary: 'Takes in a file for the next message that names it; kept until then, while the process runs',
    bytes: 'body',
    reply: Type.Object({ upload: Type.String() })
  }),
  readFile: route({
    method: 'GET',
    url: '/v1/messages/:message/files/:file',
    tag: 'messages',
    summary: 'A file of a message; what is not held comes from members who are connected',
    params: Type.Object({ message: text, file: text }),
    bytes: 'reply',
    reply: Type.Unsafe<never>({ type: 'string', format: 'binary' })
  })
}
