import { existsSync } from 'node:fs'
import { join, posix } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT, listFiles, readText } from '../repository.ts'
import { anchors, links } from './markdown.ts'

const pages = listFiles().filter(path => path.endsWith('.md'))

/** Links of a page that lead nowhere inside the repository. The rest of the web is not asked. */
function brokenLinks(page: string, text: string): string[] {
  return links(text).flatMap(({ target, line }) => {
    if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return []
    const [file = '', anchor] = decodeURI(target).split('#')
    const path = file === '' ? page : posix.normalize(posix.join(posix.dirname(page), file))
    const where = `${page}:${line}: ${target}`
    if (path.startsWith('..') || file.startsWith('/')) return [`${where} leaves the repository`]
    if (path !== page && !existsSync(join(ROOT, path))) return [`${where} does not exist`]
    if (anchor === undefined || !path.endsWith('.md')) return []
    const offered = anchors(path === page ? text : readText(path))
    return offered.has(anchor) ? [] : [`${where} names no heading there`]
  })
}

describe('links in documents', () => {
  for (const page of pages) {
    it(page, () => {
      expect(brokenLinks(page, readText(page))).toEqual([])
    })
  }
})

describe('links can fail', () => {
  it('notices missing files, missing headings and ways out', () => {
    const text =
      '# A heading\n[x](./nowhere.md) [y](#another) [z](../../etc/x.md)\n[ok](#a-heading) `[no](link.md)`'
    expect(brokenLinks('docs/page.md', text)).toEqual([
      'docs/page.md:2: ./nowhere.md does not exist',
      'docs/page.md:2: #another names no heading there',
      'docs/page.md:2: ../../etc/x.md leaves the repository'
    ])
  })
})
