/** Pictures for tests: small, whole, each with something in it to look for. */

/** A PNG header of this size, pixels that are these bytes, and a text that no avatar takes along. */
export function png(
  pixels: Uint8Array | string,
  { width = 8, height = 8, text }: { width?: number; height?: number; text?: string } = {}
): Uint8Array {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 6, 0, 0, 0], 8)
  return new Uint8Array(
    Buffer.concat([
      Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
      chunk('IHDR', header),
      ...(text === undefined ? [] : [chunk('tEXt', Buffer.from(text))]),
      chunk('IDAT', Buffer.from(pixels)),
      chunk('IEND', Buffer.alloc(0))
    ])
  )
}

/** Without a true checksum: nothing here decodes it. */
function chunk(type: string, body: Buffer): Buffer {
  const out = Buffer.alloc(12 + body.length)
  out.writeUInt32BE(body.length, 0)
  out.write(type, 4, 'latin1')
  body.copy(out, 8)
  return out
}

/** A GIF of one colour, as small as it is one. */
export function gif(width = 8, height = 8): Uint8Array {
  const size = Buffer.alloc(4)
  size.writeUInt16LE(width, 0)
  size.writeUInt16LE(height, 2)
  return new Uint8Array(Buffer.concat([Buffer.from('GIF89a'), size, Buffer.from([0, 0, 0, 0x3b])]))
}
