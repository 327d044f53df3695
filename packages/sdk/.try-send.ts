import { readdirSync, readFileSync } from 'node:fs'
const threads = () => { const out: Record<string, number> = {}; for (const t of readdirSync('/proc/self/task')) { const st = readFileSync('/proc/self/task/' + t + '/stat', 'utf8'); const name = st.slice(st.indexOf('(') + 1, st.lastIndexOf(')')) + (t === String(process.pid) ? ' main' : ' ' + t); const f = st.slice(st.lastIndexOf(')') + 2).split(' '); out[name] = (Number(f[11]) + Number(f[12])) * 10_000 } return out }
import { createClient } from '@xcord/sdk'
import { folder } from '@xcord/sdk/node'
import { fork } from 'node:child_process'
import { rmSync } from 'node:fs'
import { mkdtempSync } from 'node:fs'
const dir = mkdtempSync(process.env.TRY_DIR + '/send-')
const N = Number(process.argv[2] ?? 5000), W = Number(process.argv[3] ?? 64)
const c = await createClient({ profile: { name: 'S' }, store: folder(dir), network: { listen: ['/ip4/127.0.0.1/tcp/0'], mdns: false } })
c.on('error', ({ error }) => console.log('S ERR', error))
const s = await c.servers.create({ name: 'P' }); const inv = await s.invites.create()
const child = fork(new URL('./.try-recv.ts', import.meta.url).pathname, [inv.link!, String(N)], { execArgv: ['--conditions=xcord-source', ...(process.env.PROF ? ['--cpu-prof', `--cpu-prof-dir=${process.env.TRY_DIR}/prof`] : [])] })
const done = new Promise(r => child.on('message', r))
while (s.members.all.length < 2) await new Promise(r => setTimeout(r, 50))
await new Promise(r => setTimeout(r, 1500))
const ch = s.channel('general'); const text = 'x'.repeat(200); const t0 = Date.now(); const cpu0 = process.cpuUsage(), th0 = process.threadCpuUsage()
const thr0 = threads(); let i = 0; await Promise.all(Array.from({ length: W }, async () => { while (i < N) { i++; await ch.send(text) } }))
const u = process.cpuUsage(cpu0), th = process.threadCpuUsage(th0); console.log('sent in', Date.now() - t0, 'cpu us/msg', Math.round((u.user + u.system) / N), 'main thread', Math.round((th.user + th.system) / N), 'system', Math.round(u.system / N))
const thr1 = threads(); console.log(Object.entries(thr1).map(([k, v]) => k + ' ' + Math.round((v - (thr0[k] ?? 0)) / N)).join(', ')); await done; console.log('total', Date.now() - t0, Math.round(N / (Date.now() - t0) * 1000), 'msg/s')
await c.close(); process.exit(0)
