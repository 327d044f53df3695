/**
 * Snippets of the guides: ```ts blocks that must compile, as a reader would paste them.
 *
 * Words behind the fence: `run` executes the snippet too; `continued` puts the blocks before it in the same page
 * in front; `fragment` is not checked (for shapes and signatures, which are no programs).
 */
import ts from 'typescript'
import { codeBlocks } from './markdown.ts'

/** A program made of one block (and those it continues). */
export interface Snippet {
  readonly page: string
  /** Line of the block in its page. */
  readonly line: number
  readonly run: boolean
  readonly code: string
  /** Lines in front of the block's own code: hidden preamble, continued blocks. */
  readonly offset: number
}

const WORDS = ['run', 'continued', 'fragment']

/** @throws Error on a word that means nothing, since a typo would leave a snippet unchecked. */
export function snippetsOf(page: string, text: string): readonly Snippet[] {
  const snippets: Snippet[] = []
  let story = ''
  for (const { language, words, code, line, preamble } of codeBlocks(text)) {
    if (language !== 'ts' && language !== 'typescript') continue
    const unknown = words.filter(word => !WORDS.includes(word))
    if (unknown.length > 0)
      throw new Error(`${page}:${line}: "${unknown.join(' ')}" is no word for a snippet`)
    if (words.includes('fragment')) continue
    const front = [...(words.includes('continued') ? [story] : []), preamble]
      .filter(each => each !== '')
      .join('\n')
    const whole = front === '' ? code : `${front}\n${code}`
    story = whole
    snippets.push({
      page,
      line,
      run: words.includes('run'),
      code: `${whole}\nexport {}\n`,
      offset: front === '' ? 0 : front.split('\n').length
    })
  }
  return snippets
}

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  lib: ['lib.es2024.d.ts', 'lib.esnext.disposable.d.ts'],
  types: ['node'],
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: true,
  noEmit: true
}

/**
 * Compiles snippets against the built packages, as an application that installed them would.
 *
 * @param folder - Absolute folder the snippets pretend to lie in; packages resolve from there.
 * @returns A sentence for each mistake, with page and line.
 */
export function compileSnippets(folder: string, snippets: readonly Snippet[]): readonly string[] {
  if (snippets.length === 0) return []
  const files = new Map(snippets.map((snippet, index) => [`${folder}/snippet-${index}.mts`, snippet]))
  const host = ts.createCompilerHost(OPTIONS)
  const onDisk = { read: host.readFile, exists: host.fileExists, source: host.getSourceFile }
  host.readFile = name => files.get(name)?.code ?? onDisk.read(name)
  host.fileExists = name => files.has(name) || onDisk.exists(name)
  host.getSourceFile = (name, options, ...rest) => {
    const snippet = files.get(name)
    return snippet === undefined
      ? onDisk.source(name, options, ...rest)
      : ts.createSourceFile(name, snippet.code, options, true)
  }
  host.getCurrentDirectory = () => folder
  const program = ts.createProgram({ rootNames: [...files.keys()], options: OPTIONS, host })
  return ts.getPreEmitDiagnostics(program).map(diagnostic => describeMistake(files, diagnostic))
}

function describeMistake(
  files: ReadonlyMap<string, Snippet>,
  { file, start, messageText }: ts.Diagnostic
): string {
  const text = ts.flattenDiagnosticMessageText(messageText, ' ')
  const snippet = file === undefined ? undefined : files.get(file.fileName)
  if (file === undefined || snippet === undefined) return `${file?.fileName ?? 'snippets'}: ${text}`
  const { line } = file.getLineAndCharacterOfPosition(start ?? 0)
  return `${snippet.page}:${snippet.line + line - snippet.offset}: ${text}`
}

/** A snippet as JavaScript. */
export function emitSnippet({ code }: Snippet): string {
  return ts.transpileModule(code, { compilerOptions: { ...OPTIONS, noEmit: false }, fileName: 'snippet.mts' })
    .outputText
}
