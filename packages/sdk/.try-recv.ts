import { createClient } from '@xcord/sdk'
import { folder } from '@xcord/sdk/node'
import { rmSync } from 'node:fs'
import { mkdtempSync } from 'node:fs'
const dir = mkdtempSync(process.env.TRY_DIR + '/recv-')
const c = await createClient({ profile: { name: 'R' }, store: folder(dir), network: { listen: ['/ip4/127.0.0.1/tcp/0'], mdns: false } })
c.on('error', ({ error }) => console.log('R ERR', error))
const s = await c.servers.join(process.argv[2]!)
const n = Number(process.argv[3]); let got = 0; let cpu0 = process.cpuUsage(), t0 = 0
await new Promise<void>(res => c.on('message:create', () => { if (got++ === 0) { t0 = Date.now(); cpu0 = process.cpuUsage() } if (got === n) res() }))
const u = process.cpuUsage(cpu0); console.log('recv', got, 'in', Date.now() - t0, 'ms', Math.round(n / (Date.now() - t0) * 1000), 'msg/s cpu us/msg', Math.round((u.user + u.system) / n), 'rss', Math.round(process.memoryUsage().rss / 1e6))
process.send!('done'); await c.close(); process.exit(0)
