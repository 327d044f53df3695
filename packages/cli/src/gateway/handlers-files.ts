/** Files as calls of the SDK. */
import { XcordError } from '@xcord/core'
import { findMessage } from './find.ts'
import type { Handlers } from './handlers.ts'
import { bytesOf, streamOf } from './handlers-exports.ts'
import type { files } from './routes-files.ts'
import { takeUpload } from './uploads.ts'

export const fileHandlers: Handlers<keyof typeof files> = {
  uploadFile: async ({ context }, input) => ({ upload: await takeUpload(context, bytesOf(input as object)) }),
  readFile: async ({ context: { client }, signal }, { params }) => {
    const message = await findMessage(client, params.message)
    const file = message.attachments.find(each => each.id === params.file)
    if (file === undefined)
      throw new XcordError('XCORD_MESSAGE_NOT_FOUND', 'the message carries no such file', {
        message: message.id
      })
    // The gateway sends it as it is; only its type is told apart by the route.
    return (await streamOf(file.stream({ signal }))) as never
  }
}
