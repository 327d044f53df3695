/**
 * The public surface as declarations: what an application's compiler reads when it imports an entry, followed
 * through every file it leads to.
 */
import { dirname, join } from 'node:path'
import ts from 'typescript'

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  lib: ['lib.es2024.d.ts', 'lib.esnext.disposable.d.ts'],
  types: ['node'],
  customConditions: ['xcord-source'],
  strict: true,
  exactOptionalPropertyTypes: true,
  verbatimModuleSyntax: true,
  rewriteRelativeImportExtensions: true,
  jsx: ts.JsxEmit.ReactJSX,
  skipLibCheck: true,
  declaration: true,
  emitDeclarationOnly: true,
  noCheck: true,
  outDir: '/declarations'
}

/** Declarations reachable from an entry, by the source file they belong to, and what they import from outside. */
export interface Surface {
  readonly declarations: ReadonlyMap<string, string>
  readonly outside: ReadonlyMap<string, string>
}

/**
 * Follows an entry through its declarations. Packages of ours are followed into their sources, all others named.
 *
 * @param entry - Absolute path of a source file.
 */
export function publicSurface(entry: string): Surface {
  const program = ts.createProgram([entry], OPTIONS)
  const declarations = new Map<string, string>()
  const outside = new Map<string, string>()
  const waiting = [entry]
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (declarations.has(file)) continue
    const text = declarationOf(program, file)
    declarations.set(file, text)
    for (const specifier of importedBy(text)) {
      const path = resolve(sourceSpecifier(specifier, file), file)
      if (path === undefined || path.includes('/node_modules/') || path.endsWith('.d.ts'))
        outside.set(specifier, file)
      else waiting.push(path)
    }
  }
  return { declarations, outside }
}

function resolve(specifier: string, from: string): string | undefined {
  const found = ts.resolveModuleName(
    specifier,
    from,
    OPTIONS,
    ts.sys,
    undefined,
    undefined,
    ts.ModuleKind.ESNext
  )
  return found.resolvedModule?.resolvedFileName
}

function declarationOf(program: ts.Program, path: string): string {
  const file = program.getSourceFile(path)
  if (file === undefined) throw new Error(`${path} is not part of the program`)
  let text = ''
  program.emit(file, (_name, content) => (text = content), undefined, true)
  return text
}

/** Declarations say `./types.js` where the source says `./types.ts`. */
function sourceSpecifier(specifier: string, from: string): string {
  if (!specifier.startsWith('.') || ts.sys.fileExists(join(dirname(from), specifier))) return specifier
  const typescript = specifier.replace(/\.js$/, '.ts')
  return ts.sys.fileExists(join(dirname(from), typescript)) ? typescript : specifier
}

function importedBy(declaration: string): readonly string[] {
  return ts.preProcessFile(declaration, true, true).importedFiles.map(({ fileName }) => fileName)
}

/** Names an application must never meet: they belong to libraries we may replace. */
const FOREIGN =
  /\b([Ll]ibp2p|PeerId|Multiaddr|GossipSub|AbstractLevel|ClassicLevel|BrowserLevel|Y\.Doc|Yjs)\b/

/** Packages that must not show through. */
const FOREIGN_PACKAGE =
  /^(libp2p|@libp2p\/|@chainsafe\/|@multiformats\/|multiformats|level$|classic-level|browser-level|abstract-level|yjs|libsodium|@noble\/|cborg|fastify|ink$)/

/** A sentence for each foreign type in a surface; comments may speak of them. */
export function foreignTypes({ declarations, outside }: Surface): readonly string[] {
  const imported = [...outside].flatMap(([specifier, file]) =>
    FOREIGN_PACKAGE.test(specifier) ? [`${file} shows types of ${specifier}`] : []
  )
  const named = [...declarations].flatMap(([file, text]) => {
    const found = FOREIGN.exec(withoutComments(text))
    return found === null ? [] : [`${file} names ${found[0]}`]
  })
  return [...imported, ...named]
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
}
