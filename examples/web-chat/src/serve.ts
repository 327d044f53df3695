/** Serves the page on this machine, with a node of its own for browsers to meet by. `--port 8080`. */
import { mkdir, readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createBootstrapNode, loadConfig } from '@xcord/bootstrap-node'
import { build } from 'esbuild'

const { values } = parseArgs({ options: { port: { type: 'string', default: '8080' } } })
const folder = fileURLToPath(new URL('../', import.meta.url))

const state = join(folder, '.xcord')
await mkdir(state, { recursive: true })
const { config } = loadConfig({
  environment: {},
  flags: {
    dev: true,
    keyFile: join(state, 'node.key'),
    listen: ['/ip4/127.0.0.1/tcp/0/ws'],
    'http.enabled': false,
    'log.level': 'error'
  }
})
const node = await createBootstrapNode({ config })
await node.start()

const { outputFiles } = await build({
  absWorkingDir: folder,
  entryPoints: { main: 'src/main.ts' },
  conditions: process.execArgv.includes('--conditions=xcord-source') ? ['xcord-source'] : [],
  bundle: true,
  splitting: true,
  format: 'esm',
  outdir: '/',
  write: false
})
const files = new Map<string, readonly [type: string, body: string | Uint8Array]>([
  ['/', ['text/html', await readFile(join(folder, 'page/index.html'))]],
  ['/node.json', ['application/json', JSON.stringify(node.status().addresses)]],
  ...outputFiles.map(each => [each.path, ['text/javascript', each.contents]] as const)
])
const server = createServer((request, response) => {
  const [type, body] = files.get((request.url ?? '/').replace(/\?.*$/, '')) ?? []
  response.writeHead(body === undefined ? 404 : 200, { 'content-type': type ?? 'text/plain' })
  response.end(body)
})
server.listen(Number(values.port), '127.0.0.1', () => {
  const address = server.address()
  console.log(
    `open http://127.0.0.1:${typeof address === 'object' ? address?.port : ''} in two browsers or tabs`
  )
})
const stop = async (): Promise<void> => {
  server.close()
  server.closeAllConnections()
  await node.stop()
}
process.once('SIGINT', () => void stop())
process.once('SIGTERM', () => void stop())
