import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT, readText } from '../repository.ts'

interface Layer {
  readonly layer: string
  readonly knows: readonly string[]
  readonly owns: readonly string[]
}

const layers = JSON.parse(readText('packages/core/layers.json')) as readonly Layer[]
const names = layers.map(({ layer }) => layer)
const SOURCE = join(ROOT, 'packages/core/src')

const folders = (path: string): string[] =>
  readdirSync(join(SOURCE, path), { withFileTypes: true }).flatMap(entry =>
    entry.isDirectory() ? [entry.name] : []
  )

describe('layers.json is the house', () => {
  it('lists every folder of packages/core/src, and nothing else', () => {
    const found = [
      ...folders('.').filter(name => name !== 'adapters'),
      ...folders('adapters').map(name => `adapters/${name}`)
    ]
    expect([...names].sort()).toEqual(found.sort())
  })

  it('is in order: a layer knows only earlier ones', () => {
    for (const [index, { layer, knows }] of layers.entries()) {
      const late = knows.filter(name => !names.slice(0, index).includes(name))
      expect(late, `${layer} knows later layers`).toEqual([])
    }
  })

  it('has a front door for every layer, and an entry in the exports map for all but adapters that only adapters use', () => {
    const { exports } = JSON.parse(readText('packages/core/package.json')) as {
      exports: Record<string, unknown>
    }
    const entries = Object.keys(exports).flatMap(entry => (entry === '.' ? [] : [entry.slice(2)]))
    expect(names.filter(name => !existsSync(join(SOURCE, name, 'index.ts')))).toEqual([])
    expect(names.filter(name => !name.startsWith('adapters/') && !entries.includes(name))).toEqual([])
    // A layer that runs on both platforms has a door for pages beside its own.
    expect(entries.filter(entry => !names.includes(entry.replace(/\/browser$/, '')))).toEqual([])
  })
})

describe('packages', () => {
  for (const name of readdirSync(join(ROOT, 'packages'))) {
    it(`${name}: every entry of its exports map has its source`, () => {
      const { exports = {} } = JSON.parse(readText(`packages/${name}/package.json`)) as {
        exports?: Record<string, Record<string, string>>
      }
      const sources = Object.values(exports).map(entry => entry['xcord-source'] ?? '')
      expect(sources.filter(source => !existsSync(join(ROOT, 'packages', name, source)))).toEqual([])
    })
  }

  it('pins every dependency exactly', () => {
    const manifests = ['.', ...readdirSync(join(ROOT, 'packages')).map(name => `packages/${name}`)]
    const loose = manifests.flatMap(folder => {
      const manifest = JSON.parse(readText(`${folder}/package.json`)) as Record<
        string,
        Record<string, string> | undefined
      >
      return ['dependencies', 'devDependencies', 'optionalDependencies']
        .flatMap(kind => Object.entries(manifest[kind] ?? {}))
        .filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))
        .map(([dependency, version]) => `${folder}: ${dependency}@${version}`)
    })
    expect(loose).toEqual([])
  })

  it('locks versions, not the host they came from', () => {
    const lock = readText('package-lock.json')
    expect(lock.match(/"resolved": "https?:[^"]*"/g) ?? []).toEqual([])
  })
})
