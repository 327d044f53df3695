/** docs/benchmarks.md, from the stored results: what is measured, how, and what came out. */
import { writeFileSync } from 'node:fs'
import { cells, HEAD } from './print.mjs'
import { writeCurve } from './curve.mjs'
import { REMARKS } from '../remarks.mjs'

const PAGE = new URL('../../docs/benchmarks.md', import.meta.url)

const INTRODUCTION = `# Benchmarks

This page is written by \`npm run bench -- --write\` from [bench/results/latest.json](../bench/results/latest.json).

A figure is the median over several rounds. Machines differ and drift, shared ones by a factor of two within minutes, so
wherever something comparable exists that does only the unavoidable part, it is measured in the same rounds, in turns,
and **the ratio to that floor is what counts**; it is taken round by round. Targets are ratios where a floor exists that
scales with them, and absolute otherwise. Nothing here is a test: a missed target is written down, with its reason.

The floor of delivery is raw [gossipsub](https://www.npmjs.com/package/@libp2p/gossipsub) between two processes: nothing
signed, nothing encrypted, nothing stored. XCord signs every message, seals it for its readers, and has it on disk
(synced) on both sides before anybody is told.

Run one with \`npm run bench -- live\`; \`--list\` names them, \`--profile\` shows where the time goes.`

const row = list => `| ${list.join(' | ')} |`

function describe({ machine, at }) {
  const {
    processor,
    cores,
    memoryGb,
    platform,
    node,
    openssl,
    libp2p,
    gossipsub,
    commit,
    changed,
    loadBefore
  } = machine
  const versions = `Node ${node} (OpenSSL ${openssl}), libp2p ${libp2p}, gossipsub ${gossipsub}`
  const load = `load ${loadBefore} before it began${loadBefore > cores ? ' (busy with other work: absolute figures are too slow)' : ''}`
  return `${at.slice(0, 10)}, commit ${commit}${changed ? ' with changes' : ''}; ${processor}, ${cores} cores, ${memoryGb} GB, ${platform}; ${versions}; ${load}.`
}

function remarks({ name, figures }) {
  return figures
    .filter(each => each.target?.met === false)
    .map(
      each =>
        `- **${each.name}** misses its target: ${REMARKS[`${name}/${each.name}`] ?? 'not yet explained.'}`
    )
}

function section(found) {
  const { name, title, what, figures, curve } = found
  const notes = figures.filter(each => each.note !== undefined).map(each => `- ${each.name}: ${each.note}.`)
  const missed = remarks(found)
  return [
    `## ${title}`,
    `\`npm run bench -- ${name}\`. ${what}`,
    [row(HEAD), row(HEAD.map(() => '---')), ...figures.map(each => row(cells(each)))].join('\n'),
    ...(curve === undefined ? [] : [`![${curve.title}](${writeCurve(name, curve)})`]),
    ...(notes.length > 0 ? [notes.join('\n')] : []),
    ...(missed.length > 0 ? [missed.join('\n')] : []),
    describe(found)
  ].join('\n\n')
}

function summary(cases) {
  const judged = cases.flatMap(({ title, figures }) =>
    figures.filter(each => each.target !== undefined).map(each => ({ title, ...each }))
  )
  const met = judged.filter(each => each.target.met).length
  const rows = judged.map(each => {
    const [figure, median, , , ratio, target, verdict] = cells(each)
    return row([
      each.title,
      figure,
      ratio === '' || each.target.of === 'value' ? median : `${ratio} × floor`,
      target,
      verdict
    ])
  })
  return [
    `## Against the targets`,
    `${met} of ${judged.length} are met.`,
    [
      row(['benchmark', 'figure', 'measured', 'target', 'verdict']),
      row(Array.from({ length: 5 }, () => '---')),
      ...rows
    ].join('\n')
  ].join('\n\n')
}

/** Writes the page. `order` gives the benchmarks their places. */
export function writePage({ cases }, order) {
  const sorted = order.map(name => cases.find(each => each.name === name)).filter(each => each !== undefined)
  const page = [INTRODUCTION, summary(sorted), ...sorted.map(section)].join('\n\n')
  writeFileSync(PAGE, `${page}\n`)
}
