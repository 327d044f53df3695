/** What the documentation tests read out of markdown: headings, links, code blocks. */

/** A fenced block with the words behind its fence and where it starts. */
export interface CodeBlock {
  readonly language: string
  readonly words: readonly string[]
  readonly code: string
  /** Line of the first line of code, from 1. */
  readonly line: number
  /** Lines of a comment `<!-- snippet: ... -->` right above: checked with the code, not shown to readers. */
  readonly preamble: string
}

/** Fenced code blocks in order. */
export function codeBlocks(text: string): readonly CodeBlock[] {
  const lines = text.split('\n')
  const blocks: CodeBlock[] = []
  for (let at = 0; at < lines.length; at++) {
    const open = /^ {0,3}(`{3,})(.*)$/.exec(lines[at] ?? '')
    if (open === null) continue
    const fence = open[1] ?? ''
    const end = lines.findIndex((line, index) => index > at && line.trim() === fence)
    const last = end === -1 ? lines.length : end
    const [language = '', ...words] = (open[2] ?? '').trim().split(/\s+/)
    const code = lines.slice(at + 1, last).join('\n')
    blocks.push({ language, words, code, line: at + 2, preamble: preambleAbove(lines, at) })
    at = last
  }
  return blocks
}

function preambleAbove(lines: readonly string[], fence: number): string {
  const above = lines.slice(0, fence).join('\n').trimEnd()
  return /<!--\s*snippet:((?:(?!-->)[\s\S])*)-->$/.exec(above)?.[1]?.trim() ?? ''
}

/** Text without code blocks, inline code and comments: links and headings in those are not links and headings. */
export function prose(text: string): string {
  const blank = (found: string): string => found.replace(/[^\n]/g, ' ')
  return text
    .replace(/^ {0,3}(`{3,})[^\n]*\n[\s\S]*?^ {0,3}\1\s*$/gm, blank)
    .replace(/<!--[\s\S]*?-->/g, blank)
    .replace(/`[^`\n]*`/g, blank)
}

/** Targets of links and images, with their line. */
export function links(text: string): readonly { readonly target: string; readonly line: number }[] {
  const clean = prose(text)
  const inline = [...clean.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g)]
  const references = [...clean.matchAll(/^ {0,3}\[[^\]]+\]:\s*<?([^\s>]+)>?/gm)]
  const html = [...clean.matchAll(/<(?:a|img|source)\s[^>]*?(?:href|src|srcset)="([^"]+)"/g)]
  return [...inline, ...references, ...html].map(found => ({
    target: found[1] ?? '',
    line: clean.slice(0, found.index).split('\n').length
  }))
}

/** Anchors a page offers: headings as GitHub names them, and explicit ids. */
export function anchors(text: string): ReadonlySet<string> {
  const seen = new Map<string, number>()
  const found = new Set<string>()
  const withoutBlocks = text.replace(/^ {0,3}(`{3,})[^\n]*\n[\s\S]*?^ {0,3}\1\s*$/gm, '')
  for (const heading of withoutBlocks.matchAll(/^ {0,3}#{1,6}\s+(.*?)\s*#*\s*$/gm)) {
    const slug = slugOf(heading[1] ?? '')
    const before = seen.get(slug) ?? 0
    seen.set(slug, before + 1)
    found.add(before === 0 ? slug : `${slug}-${before}`)
  }
  for (const explicit of text.matchAll(/<[a-z0-9]+\s[^>]*?(?:id|name)="([^"]+)"/g))
    found.add(explicit[1] ?? '')
  return found
}

function slugOf(heading: string): string {
  return heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}_\- ]/gu, '')
    .replace(/ /g, '-')
}
