import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT, readText } from '../repository.ts'
import { foreignTypes, publicSurface } from './surface.ts'

const manifest = JSON.parse(readText('packages/sdk/package.json')) as {
  exports: Record<string, Record<string, string>>
}
const entries = Object.entries(manifest.exports).map(([name, entry]) => ({
  name: join('@xcord/sdk', name),
  path: join(ROOT, 'packages/sdk', entry['xcord-source'] ?? '')
}))

describe('public surface of the SDK', () => {
  for (const { name, path } of entries) {
    it(`${name} names no libp2p, level or Yjs type`, () => {
      expect(existsSync(path), `${path} is missing`).toBe(true)
      const surface = publicSurface(path)
      expect(surface.declarations.size).toBeGreaterThan(0)
      expect(foreignTypes(surface)).toEqual([])
    })
  }

  it('would notice one', () => {
    const folder = mkdtempSync(join(tmpdir(), 'xcord-surface-'))
    try {
      const foreign = "import type { Libp2p } from 'libp2p'\n"
      writeFileSync(join(folder, 'hidden.ts'), `${foreign}export declare const node: Libp2p\n`)
      writeFileSync(join(folder, 'index.ts'), "/** Not libp2p. */\nexport { node } from './hidden.ts'\n")
      writeFileSync(
        join(folder, 'clean.ts'),
        `${foreign}const list: Libp2p[] = []\nexport const count: number = list.length\n`
      )
      expect(foreignTypes(publicSurface(join(folder, 'index.ts')))[0]).toMatch(
        /hidden\.ts shows types of libp2p/
      )
      expect(foreignTypes(publicSurface(join(folder, 'clean.ts')))).toEqual([])
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
