import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT, listFiles, readText } from '../repository.ts'
import { compileSnippets, emitSnippet, type Snippet, snippetsOf } from './snippets.ts'

const pages = ['README.md', ...listFiles('docs/guides'), ...listFiles('packages')].filter(
  path => path.endsWith('.md') && !path.endsWith('CHANGELOG.md') && existsSync(join(ROOT, path))
)
const snippets = pages.flatMap(page => snippetsOf(page, readText(page)))
const RUN_MS_MAX = 60_000

/** Runs a snippet in an empty folder; packages resolve as they do from the repository. */
async function runSnippet(
  snippet: Snippet
): Promise<{ readonly code: number | null; readonly output: string }> {
  // In the repository, where packages resolve; in node_modules, where nothing of ours looks.
  const folder = join(ROOT, 'node_modules/.cache')
  mkdirSync(folder, { recursive: true })
  const place = mkdtempSync(join(folder, 'xcord-snippet-'))
  const cwd = mkdtempSync(join(tmpdir(), 'xcord-snippet-'))
  try {
    const file = join(place, 'snippet.mjs')
    writeFileSync(file, emitSnippet(snippet))
    const env = { ...process.env, HOME: cwd, XDG_DATA_HOME: cwd, XDG_CONFIG_HOME: cwd }
    const child = spawn(process.execPath, [file], { cwd, env, timeout: RUN_MS_MAX, killSignal: 'SIGKILL' })
    let output = ''
    child.stdout.on('data', chunk => (output += String(chunk)))
    child.stderr.on('data', chunk => (output += String(chunk)))
    const code = await new Promise<number | null>((resolve, reject) =>
      child.on('error', reject).on('close', resolve)
    )
    return { code, output }
  } finally {
    rmSync(place, { recursive: true, force: true })
    rmSync(cwd, { recursive: true, force: true })
  }
}

describe('snippets of README and guides', () => {
  it('compile against the built packages', () => {
    if (snippets.length > 0)
      expect(existsSync(join(ROOT, 'packages/sdk/dist/index.d.ts')), 'npm run build first').toBe(true)
    expect(compileSnippets(`${ROOT}/docs/guides`, snippets)).toEqual([])
  })

  for (const snippet of snippets.filter(({ run }) => run)) {
    it(`run: ${snippet.page}:${snippet.line}`, async () => {
      const { code, output } = await runSnippet(snippet)
      expect(code, output).toBe(0)
    })
  }
})

describe('snippets can fail', () => {
  const page = [
    '```ts',
    'const one: number = 1',
    '```',
    '<!-- snippet: declare const two: number -->',
    '```ts continued',
    'const sum: string = one + two',
    '```',
    '```ts fragment',
    'nonsense(',
    '```',
    '```sh',
    'npm ci',
    '```',
    '```ts run',
    'process.exitCode = [1, 2].length',
    '```'
  ].join('\n')
  const planted = snippetsOf('planted.md', page)

  it('names page and line of a mistake, and leaves fragments and other languages alone', () => {
    expect(planted.map(({ line }) => line)).toEqual([2, 6, 15])
    expect(compileSnippets(`${ROOT}/docs/guides`, planted)).toEqual([
      "planted.md:6: Type 'number' is not assignable to type 'string'."
    ])
  })

  it('sees the exit code of one that runs', async () => {
    const [snippet] = planted.filter(({ run }) => run)
    expect((await runSnippet(snippet!)).code).toBe(2)
  })

  it('refuses a word that means nothing', () => {
    expect(() => snippetsOf('planted.md', '```ts rum\n1\n```')).toThrow('"rum" is no word')
  })
})
