/**
 * Writes docs/spec/vectors/operation and docs/spec/vectors/authority: operations on the wire, every kind's body,
 * whole histories with their outcome and state hash, permissions; invalid cases with the rule that refuses them.
 * `node --conditions=xcord-source packages/core/scripts/vectors-authority.ts`
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { createNodeSuite } from '../src/adapters/crypto-node/index.ts'
import { bodyVectors, operationVectors, plainOperation } from './authority-forms.ts'
import { histories } from './authority-histories.ts'
import { permissionVectors } from './authority-permissions.ts'

export { plainOperation }

/** Every file by folder and name. */
export async function buildAuthorityVectors(): Promise<Record<string, object>> {
  const suite = await createNodeSuite()
  return {
    'operation/operations': operationVectors(suite),
    'operation/bodies': bodyVectors(),
    'authority/histories': histories(suite),
    'authority/permissions': permissionVectors()
  }
}

if (import.meta.main) {
  for (const [name, content] of Object.entries(await buildAuthorityVectors())) {
    const url = new URL(`../../../docs/spec/vectors/${name}.json`, import.meta.url)
    await mkdir(new URL('.', url), { recursive: true })
    await writeFile(url, `${JSON.stringify(content, null, 1)}\n`)
  }
}
