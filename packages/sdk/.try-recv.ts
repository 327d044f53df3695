import { createClient } from '@xcord/sdk'
import { folder } from '@xcord/sdk/node'
import { rmSync } from 'node:fs'
import { mkdtempSync } from 'node:fs'
const dir = mkdtempSync(process.env.TRY_DIR + '/recv-')
import { LiveReplica } from '../core/src/node/replica.ts'
const counts: Record<string, number> = {}
if (process.env.COUNT) { const was = LiveReplica.prototype.deliver; LiveReplica.prototype.deliver = async function (kind, items, from) { const r = await was.call(this, kind, items, from); counts[kind] = (counts[kind] ?? 0) + items.length; counts[kind + ' fresh'] = (counts[kind + ' fresh'] ?? 0) + r.fresh; counts[kind + ' calls'] = (counts[kind + ' calls'] ?? 0) + 1; return r } }
const c = await createClient({ profile: { name: 'R' }, store: folder(dir), network: { listen: ['/ip4/127.0.0.1/tcp/0'], mdns: false } })
c.on('error', ({ error }) => console.log('R ERR', error))
const s = await c.servers.join(process.argv[2]!)
const n = Number(process.argv[3]); let got = 0; let cpu0 = process.cpuUsage(), th0 = process.threadCpuUsage(), t0 = 0
await new Promise<void>(res => c.on('message:create', () => { if (got++ === 0) { t0 = Date.now(); cpu0 = process.cpuUsage(); th0 = process.threadCpuUsage() } if (got === n) res() }))
const u = process.cpuUsage(cpu0), th = process.threadCpuUsage(th0); console.log('recv', got, 'in', Date.now() - t0, 'ms', Math.round(n / (Date.now() - t0) * 1000), 'msg/s cpu us/msg', Math.round((u.user + u.system) / n), 'main thread', Math.round((th.user + th.system) / n), 'system', Math.round(u.system / n), 'rss', Math.round(process.memoryUsage().rss / 1e6))
console.log(counts); process.send!('done'); await c.close(); process.exit(0)
