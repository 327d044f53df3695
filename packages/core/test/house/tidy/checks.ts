/**
 * Tidy: what must hold of every file and no compiler says. A check looks at one file and gives a sentence with
 * the fix for each place it dislikes.
 */
import ts from 'typescript'

/** One check: where it applies, and what it finds. */
export interface TidyCheck {
  readonly name: string
  readonly applies: (path: string) => boolean
  readonly find: (path: string, text: string) => readonly string[]
}

const LINES_MAX = 400

const isTest = (path: string): boolean => /\.(test|contract|fixture)\.tsx?$|\/test\//.test(path)
const isCode = (path: string): boolean => /\.(tsx?|mjs|cjs)$/.test(path)
const isSource = (path: string): boolean =>
  /^packages\/[^/]+\/src\//.test(path) && isCode(path) && !isTest(path)
const isHouse = (path: string): boolean => path.startsWith('packages/core/test/house/')

/** Findings for each line that matches, with its number. */
function byLine(path: string, text: string, pattern: RegExp, fix: string): string[] {
  return text
    .split('\n')
    .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}: ${fix}`] : []))
}

/** Findings for each syntax node that a judge names. */
function byNode(
  path: string,
  text: string,
  judge: (node: ts.Node, file: ts.SourceFile) => string | undefined
): string[] {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  const found: string[] = []
  const visit = (node: ts.Node): void => {
    const fix = judge(node, file)
    if (fix !== undefined) {
      const { line } = file.getLineAndCharacterOfPosition(node.getStart(file))
      found.push(`${path}:${line + 1}: ${fix}`)
    }
    ts.forEachChild(node, visit)
  }
  visit(file)
  return found
}

const CLOCK_CALLS =
  /^(globalThis\.)?(Date\.now|performance\.now|process\.hrtime(\.bigint)?|AbortSignal\.timeout)$/
const TIMER_CALLS = /^(globalThis\.)?(setTimeout|setInterval|setImmediate)$/
const CHANCE_CALLS = /^(globalThis\.)?(Math\.random|crypto\.(getRandomValues|randomUUID|randomBytes))$/

function judgeClock(node: ts.Node, file: ts.SourceFile): string | undefined {
  if (
    ts.isNewExpression(node) &&
    node.expression.getText(file) === 'Date' &&
    (node.arguments ?? []).length === 0
  ) {
    return 'reads the clock with `new Date()`: take `now` as an argument, or a Clock'
  }
  if (!ts.isCallExpression(node)) return undefined
  const called = node.expression.getText(file)
  if (CLOCK_CALLS.test(called))
    return `reads the clock with ${called}: take \`now\` as an argument, or a Clock`
  if (TIMER_CALLS.test(called)) return `starts a timer with ${called}: return an effect, or take Timers`
  if (CHANCE_CALLS.test(called)) return `draws randomness with ${called}: take Random`
  return undefined
}

function judgeDefaultExport(node: ts.Node): string | undefined {
  const isDefault =
    ts.isExportAssignment(node) ||
    (ts.isExportSpecifier(node) && node.name.text === 'default') ||
    (ts.canHaveModifiers(node) &&
      ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword))
  return isDefault === true
    ? 'has a default export: give it a name, so that every importer calls it the same'
    : undefined
}

/** Pure layers and shell; adapters own the clock, the test kit waits for real adapters. */
const hasNoClock = (path: string): boolean =>
  isSource(path) && /^packages\/core\/src\/(?!adapters\/|testing\/)/.test(path)

export const TIDY_CHECKS: readonly TidyCheck[] = [
  {
    name: `files of at most ${LINES_MAX} lines`,
    applies: isSource,
    find: (path, text) => {
      const lines = text.trimEnd().split('\n').length
      return lines > LINES_MAX ? [`${path}: ${lines} lines, at most ${LINES_MAX}: split it by thought`] : []
    }
  },
  {
    name: 'files named in kebab-case, by what they are about',
    applies: isSource,
    find: path => {
      const name = path.slice(path.lastIndexOf('/') + 1).replace(/\.d\.ts$|\.[a-z]+$/, '')
      if (!/^[a-z0-9]+(-[a-z0-9]+)*(\.(property|test|contract|fixture|bench|test-d))*$/.test(name))
        return [`${path}: name it in kebab-case`]
      return /(^|-)(utils?|common|managers?|data|info|helpers?|misc)($|-)/.test(name)
        ? [`${path}: the name says nothing; call the file after what it does`]
        : []
    }
  },
  {
    name: 'no TODO without its issue',
    applies: path => isCode(path) && !isHouse(path),
    find: (path, text) =>
      byLine(path, text, /\b(TODO|FIXME)\b(?!\(#\d+\))/, 'name the issue as in TODO(#12), or do it now')
  },
  {
    name: 'a community is a server',
    applies: path =>
      /^(packages|examples)\//.test(path) &&
      isCode(path) &&
      !isHouse(path) &&
      !path.startsWith('packages/cli/src/gateway/discord/') &&
      !/discord[^/]*\.test\.ts$/.test(path),
    find: (path, text) =>
      byLine(
        path,
        text,
        /guild(?!")/i,
        'say "server"; Discord\'s word belongs to packages/cli/src/gateway/discord alone'
      )
  },
  {
    name: 'no path of one machine, no registry host',
    applies: path => /\.(tsx?|mjs|cjs|json|ya?ml|md|sh|npmrc)$|^\.ci\//.test(path) && !isHouse(path),
    find: (path, text) =>
      byLine(
        path,
        text,
        /(?<![\w.\-/$}:])\/(work|home|root|Users)\/|\.\.\/shared\/|\bregistry\.(npmjs|yarnpkg|npmmirror)\b/,
        'names one machine or registry: use a path relative to the repository'
      )
  },
  {
    name: 'no default export',
    applies: path => isSource(path) || (/^examples\//.test(path) && isCode(path)),
    find: (path, text) => byNode(path, text, judgeDefaultExport)
  },
  {
    name: 'time and chance are arguments',
    applies: hasNoClock,
    find: (path, text) => byNode(path, text, judgeClock)
  }
]
