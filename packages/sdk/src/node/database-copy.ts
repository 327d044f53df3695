/** A copy of a database's files, to open without changing them: LevelDB writes anew what it opens. */
import { constants } from 'node:fs'
import { copyFile, link, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Tables are written once and never changed; what else LevelDB keeps, it appends to. */
const FROZEN = /\.(ldb|sst)$/
/** Its lock, and its diary. */
const NOT_COPIED = /^LOCK$|^LOG/

/** A folder that is gone again at the end. */
export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string
}

/** An empty folder that only its owner may read. */
export async function temporaryFolder(): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(tmpdir(), 'xcord-'))
  return {
    path,
    [Symbol.asyncDispose]: async () => await rm(path, { recursive: true, force: true })
  }
}

/** Copies a closed database's files; what never changes is linked where that is possible. */
export async function copyDatabase(from: string, to: string): Promise<void> {
  for (const name of await readdir(from)) {
    if (NOT_COPIED.test(name)) continue
    const [source, target] = [join(from, name), join(to, name)]
    const linked =
      FROZEN.test(name) &&
      (await link(source, target).then(
        () => true,
        () => false
      ))
    if (!linked) await copyFile(source, target, constants.COPYFILE_FICLONE)
  }
}
