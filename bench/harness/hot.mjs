/** `--profile`: where the time goes in each process, by file and line, as V8's profiler saw it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const SHOWN = 25

/** A folder for profiles, and flags that make Node write them there. */
export function profileFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'xcord-profile-'))
  return {
    folder,
    flags: peer => ['--cpu-prof', `--cpu-prof-dir=${folder}`, `--cpu-prof-name=${peer}-\${pid}.cpuprofile`]
  }
}

function place({ functionName, url, lineNumber }) {
  const path = url.startsWith('file://') ? relative(ROOT, fileURLToPath(url)) : url
  return `${functionName || '(anonymous)'} ${path === '' ? '' : `${path}:${lineNumber + 1}`}`
}

/** Self and total time of each function, ms. */
function weigh({ nodes, samples, timeDeltas }) {
  const byId = new Map(nodes.map(node => [node.id, { ...node, self: 0 }]))
  samples.forEach((id, index) => (byId.get(id).self += timeDeltas[index] / 1_000))
  const found = new Map()
  const visit = (id, above) => {
    const node = byId.get(id)
    const name = place(node.callFrame)
    const entry = found.get(name) ?? { name, self: 0, total: 0 }
    found.set(name, entry)
    entry.self += node.self
    let total = node.self
    const inner = new Set(above).add(name)
    for (const child of node.children ?? []) total += visit(child, inner)
    // A function below itself counts once.
    if (!above.has(name)) entry.total += total
    return total
  }
  const whole = visit(nodes[0].id, new Set())
  return { found: [...found.values()], whole }
}

/** Prints the hottest functions of every profile, and removes them. */
export function printHot(folder) {
  for (const file of readdirSync(folder)) {
    const { found, whole } = weigh(JSON.parse(readFileSync(join(folder, file), 'utf8')))
    const idle = found.find(({ name }) => name.startsWith('(idle)'))?.self ?? 0
    console.log(`\n  ${file}: ${Math.round(whole - idle)} ms busy of ${Math.round(whole)}`)
    const row = ({ self, total, name }) =>
      `  ${self.toFixed(0).padStart(7)} ${total.toFixed(0).padStart(7)}  ${name}`
    const shown = (title, key, fits) => {
      console.log(`  by ${title}: self, total (ms)`)
      const list = found.filter(fits).sort((a, b) => b[key] - a[key])
      for (const each of list.slice(0, SHOWN)) console.log(row(each))
    }
    shown('self time', 'self', ({ name }) => !/^\((idle|root|program)\)/.test(name))
    shown('total time, our own code', 'total', ({ name }) => name.includes(' packages/'))
  }
  rmSync(folder, { recursive: true, force: true })
}
