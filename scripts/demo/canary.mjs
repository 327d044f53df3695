/** Looks for planted text in every file of a folder, in the forms it might lie there. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

function forms(text) {
  const bytes = Buffer.from(text)
  const base64 = bytes.toString('base64').slice(0, -4)
  return [bytes, Buffer.from(text, 'utf16le'), Buffer.from(bytes.toString('hex')), Buffer.from(base64)]
}

/** Files that hold any of the texts, and how much was read. */
export function search(folder, texts) {
  const wanted = texts.flatMap(forms)
  const found = []
  let [files, bytes] = [0, 0]
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const content = readFileSync(path)
    files++
    bytes += content.length
    if (wanted.some(each => content.includes(each))) found.push(path)
  }
  return { found, files, bytes }
}
