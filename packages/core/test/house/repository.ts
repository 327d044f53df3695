/** The repository as files, read without git: a copy without history is checked all the same. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Absolute path of the repository, without a slash at its end. */
export const ROOT = fileURLToPath(new URL('../../../..', import.meta.url)).replace(/\/$/, '')

const NOT_OURS = new Set(['node_modules', 'dist', 'coverage', '.git', '.nx', 'results', '.xcord'])

/** Paths below a folder, relative to the repository, with forward slashes; made and foreign files left out. */
export function listFiles(folder = '.'): string[] {
  const absolute = join(ROOT, folder)
  if (!existsSync(absolute)) return []
  return readdirSync(absolute, { withFileTypes: true }).flatMap(entry => {
    if (NOT_OURS.has(entry.name)) return []
    const path = folder === '.' ? entry.name : `${folder}/${entry.name}`
    if (entry.isDirectory()) return listFiles(path)
    return entry.isFile() ? [path] : []
  })
}

/** Text of a file by its path in the repository. */
export function readText(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}
