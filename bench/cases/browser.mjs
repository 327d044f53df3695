import { relative } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { atMost, figure } from '../harness/figure.mjs'

const KB = 1_000

/** Which of the parts that are told apart a chunk belongs to: by what most of it is. */
function partOf(inputs) {
  const share = new Map()
  for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
    const part = /libsodium/.test(path) ? 'sodium' : /simple-peer/.test(path) ? 'voice' : 'core'
    share.set(part, (share.get(part) ?? 0) + bytesInOutput)
  }
  return [...share].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 'core'
}

export const browser = {
  name: 'browser',
  title: 'Size in a page',
  what: 'What an application that does nothing but import `createClient` makes a browser load, as built packages through esbuild with minify; gzip at level 9, in kB of 1,000 bytes. The SDK with the whole protocol, libp2p, gossipsub and WebRTC; apart from it libsodium and simple-peer, which are loaded on demand.',
  run: async () => {
    const { outputFiles, metafile } = await build({
      stdin: {
        contents: "import { createClient } from '@xcord/sdk'; globalThis.createClient = createClient",
        resolveDir: process.cwd()
      },
      bundle: true,
      splitting: true,
      minify: true,
      format: 'esm',
      outdir: 'out',
      write: false,
      metafile: true
    })
    const sizes = {
      core: { gzip: 0, brotli: 0 },
      sodium: { gzip: 0, brotli: 0 },
      voice: { gzip: 0, brotli: 0 }
    }
    for (const { path, contents } of outputFiles) {
      const size = sizes[partOf(metafile.outputs[relative(process.cwd(), path)].inputs)]
      size.gzip += gzipSync(contents, { level: 9 }).length / KB
      size.brotli += brotliCompressSync(contents).length / KB
    }
    const of = (name, part, kind, target) =>
      figure({ name, unit: 'kB', samples: [sizes[part][kind]], ...(target === undefined ? {} : { target }) })
    return [
      of('SDK with libp2p, gzip', 'core', 'gzip', atMost(250, 215)),
      of('SDK with libp2p, brotli', 'core', 'brotli'),
      of('cryptography on demand, gzip', 'sodium', 'gzip', atMost(200)),
      of('WebRTC links on demand, gzip', 'voice', 'gzip')
    ]
  }
}
