/** The node's name without starting it. */
import { idFromBytes, XcordError } from '@xcord/core/base'
import { createNodeSuite } from '@xcord/core/adapters/crypto-node'
import { systemRandom } from '@xcord/core/adapters/runtime-node'
import { withDevice } from '@xcord/core/net'
import type { NodeConfig } from './config-schema.ts'
import { loadOrCreateKeyFile } from './key-file.ts'

/** Id and announced addresses, as others need them. */
export async function describeNode(
  config: NodeConfig
): Promise<{ readonly node: string; readonly addresses: readonly string[] }> {
  const { seed } = loadOrCreateKeyFile(config.keyFile, systemRandom)
  const suite = await createNodeSuite()
  const node = idFromBytes('d', suite.signingKey(seed).publicKey)
  const wrong = config.announce.find(each => each.includes('/p2p/') && withDevice(each, node) !== each)
  if (wrong !== undefined) {
    throw new XcordError('XCORD_CONFIG_INVALID', `announce names another node: ${wrong}.`, {
      key: 'announce'
    })
  }
  return { node, addresses: config.announce.map(each => withDevice(each, node)) }
}
