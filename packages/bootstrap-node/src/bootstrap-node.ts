/** A community node as one object (NT6): what `xcord-node run` starts and stops. It reads nothing of anybody's. */
import { autoNATv2 } from '@libp2p/autonat-v2'
import type { Logger } from 'pino'
import { createNodeSuite } from '@xcord/core/adapters/crypto-node'
import { createLibp2pNode, type NodeLimits, type NodeTransport } from '@xcord/core/adapters/libp2p'
import { systemRandom } from '@xcord/core/adapters/runtime-node'
import type { NodeConfig } from './config-schema.ts'
import { type HealthServer, openHealthServer } from './health-server.ts'
import { loadOrCreateKeyFile } from './key-file.ts'
import { createLogger } from './logger.ts'
import { createMetrics, type NodeMetrics } from './metrics.ts'
import { openStunServer, type StunServer } from './stun-server.ts'

/** BN9: above this lag the node is not ready, seconds. */
const LAG_SECONDS_MAX = 1
/** BN12: open circuits get this long to end, ms. */
const DRAIN_MS_MAX = 20_000
/** How often draining looks, ms. */
const DRAIN_LOOK_MS = 100
/** No bound on what one host may hold: on one machine or in a laboratory all peers share it. */
const UNBOUNDED = 1_000_000_000

/** What a node is made of. */
export interface BootstrapNodeInit {
  readonly config: NodeConfig
  /** Where log lines go; default standard error. */
  readonly logger?: Logger | undefined
}

/** How it is right now. */
export interface NodeStatus {
  readonly node: string
  readonly addresses: readonly string[]
  readonly ready: boolean
  readonly missing: readonly string[]
  readonly peers: number
  readonly reservations: number
  readonly relayed: number
  readonly registrations: number
  readonly healthUrl: string | undefined
}

/** A node that can be started once and stopped once. */
export interface BootstrapNode {
  /** XCORD_PORT_IN_USE, XCORD_ADDRESS_INVALID. */
  start(): Promise<void>
  status(): NodeStatus
  /** Refuses new reservations and circuits, waits for open circuits up to 20 s or the signal, then closes all. */
  stop(options?: { readonly signal?: AbortSignal | undefined }): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Makes a node; its key file is read, or made, here.
 *
 * @throws XCORD_KEYSTORE_INVALID, XCORD_NEWER_VERSION, XCORD_STORE_FAILED for the key file.
 */
export async function createBootstrapNode(init: BootstrapNodeInit): Promise<BootstrapNode> {
  const { config } = init
  const logger = init.logger ?? createLogger(config.log)
  const { seed, created } = loadOrCreateKeyFile(config.keyFile, systemRandom)
  if (created) logger.info({ code: 'key:create' }, 'made a new identity')
  const metrics = createMetrics()
  const transport = await createLibp2pNode({
    suite: await createNodeSuite(),
    seed,
    listen: config.listen,
    announce: config.announce,
    roles: config.roles,
    limits: limitsOf(config),
    metrics: metrics.libp2p,
    random: systemRandom,
    ...(config.roles.autonat ? { services: { autoNAT: autoNATv2() } } : {})
  })
  return new RunningNode({ config, logger, metrics, transport })
}

interface NodeParts {
  readonly config: NodeConfig
  readonly logger: Logger
  readonly metrics: NodeMetrics
  readonly transport: NodeTransport
}

class RunningNode implements BootstrapNode {
  readonly #parts: NodeParts
  #phase: 'new' | 'running' | 'stopping' | 'stopped' = 'new'
  #health: HealthServer | undefined
  #stun: StunServer | undefined
  #stopping: Promise<void> | undefined

  constructor(parts: NodeParts) {
    const { metrics, transport, logger } = parts
    this.#parts = parts
    metrics.watch(transport, () => this.#missing().length === 0)
    transport.on('connection:open', ({ connection: { path, device, address } }) =>
      logger.debug({ code: 'peer:connect', path, peer: device, address }, 'a peer connected')
    )
    transport.on('connection:close', ({ connection: { path, device } }) =>
      logger.debug({ code: 'peer:disconnect', path, peer: device }, 'a peer left')
    )
  }

  status(): NodeStatus {
    const { transport } = this.#parts
    const missing = this.#missing()
    return {
      node: transport.device,
      addresses: this.#phase === 'running' ? transport.addresses() : [],
      ready: missing.length === 0,
      missing,
      peers: transport.connections().length,
      reservations: transport.reservations(),
      relayed: transport.circuits(),
      registrations: transport.registrations(),
      healthUrl: this.#health?.url
    }
  }

  async start(): Promise<void> {
    const { config, metrics, transport, logger } = this.#parts
    try {
      if (config.http.enabled) {
        this.#health = await openHealthServer({ ...config.http, metrics, notReady: () => this.#missing() })
      }
      if (config.stun.port !== 0) this.#stun = await openStunServer(config.stun)
      await transport.start()
    } catch (error) {
      await this.#stun?.close()
      await this.#health?.close()
      metrics.stop()
      throw error
    }
    this.#phase = 'running'
    const { ready, addresses, missing, healthUrl } = this.status()
    logger.info(
      { code: 'node:start', ready, addresses, health: healthUrl },
      ready ? 'running' : `running, not ready: ${missing.join('; ')}`
    )
  }

  async stop(options?: { readonly signal?: AbortSignal | undefined }): Promise<void> {
    this.#stopping ??= this.#stop(options?.signal)
    await this.#stopping
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  async #stop(signal: AbortSignal | undefined): Promise<void> {
    const { metrics, transport, logger } = this.#parts
    const wasRunning = this.#phase === 'running'
    this.#phase = 'stopping'
    if (wasRunning) await drain(transport, logger, signal)
    await transport.stop()
    await this.#stun?.close()
    await this.#health?.close()
    metrics.stop()
    this.#phase = 'stopped'
    logger.info({ code: 'node:stop' }, 'stopped')
  }

  #missing(): readonly string[] {
    const { config, metrics } = this.#parts
    return [
      ...(this.#phase === 'running' ? [] : [this.#phase === 'new' ? 'not started' : 'stopping']),
      ...(config.announce.length > 0 || config.dev ? [] : ['no announced address: set "announce"']),
      ...(metrics.lagSeconds() < LAG_SECONDS_MAX ? [] : ['the event loop is late'])
    ]
  }
}

/** `dev` lifts what is counted per host. */
function limitsOf(config: NodeConfig): Partial<NodeLimits> {
  return config.dev
    ? {
        ...config.limits,
        connectionsPerIpMax: UNBOUNDED,
        connectionsPerSubnetMax: UNBOUNDED,
        connectionsPerIpPerSecond: UNBOUNDED,
        reservationsPerIpMax: UNBOUNDED,
        reservationsPerSubnetMax: UNBOUNDED
      }
    : config.limits
}

async function drain(
  transport: NodeTransport,
  logger: Logger,
  signal: AbortSignal | undefined
): Promise<void> {
  transport.refuseNew()
  const end = performance.now() + DRAIN_MS_MAX
  if (transport.circuits() > 0)
    logger.info({ code: 'node:drain', relayed: transport.circuits() }, 'waiting for open circuits')
  while (transport.circuits() > 0 && performance.now() < end && signal?.aborted !== true) {
    await new Promise(resolve => setTimeout(resolve, DRAIN_LOOK_MS))
  }
}
