/** What an operator may set (BN1): one schema for file, environment, flags, checks and help. */
import { Type } from 'typebox'
import type { Static, TObject, TSchema } from 'typebox'
import { NODE_LIMITS } from '@xcord/core/adapters/libp2p'

const strict = { additionalProperties: false } as const
const count = (fallback: number, description: string): TSchema =>
  Type.Integer({ minimum: 1, maximum: 1_000_000_000, default: fallback, description })
const flag = (fallback: boolean, description: string): TSchema =>
  Type.Boolean({ default: fallback, description })
const address = Type.String({ pattern: '^/', maxLength: 512 })

/** Levels of the log, quietest first. */
export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const

/** The configuration's shape; every key has a default. */
export const configSchema = Type.Object(
  {
    keyFile: Type.String({
      minLength: 1,
      default: './xcord-node.key',
      description: "The node's identity; made on first start, mode 0600"
    }),
    listen: Type.Array(address, {
      minItems: 1,
      maxItems: 16,
      default: [
        '/ip4/0.0.0.0/tcp/4001',
        '/ip4/0.0.0.0/tcp/4002/ws',
        '/ip6/::/tcp/4001',
        '/ip6/::/tcp/4002/ws'
      ],
      description: 'Addresses to listen on: TCP, and WebSocket (/ws) behind a proxy that ends TLS'
    }),
    announce: Type.Array(address, {
      maxItems: 16,
      default: [],
      description: 'Addresses others reach the node at; without one it is not ready'
    }),
    dev: flag(
      false,
      'Take what it listens on as announced, and lift limits per host: for one machine or laboratory'
    ),
    http: Type.Object(
      {
        enabled: flag(true, 'Serve /healthz, /readyz and /metrics'),
        host: Type.String({
          minLength: 1,
          default: '127.0.0.1',
          description: 'Interface of the health port'
        }),
        port: Type.Integer({
          minimum: 0,
          maximum: 65_535,
          default: 9_464,
          description: 'Port of health and metrics; 0 takes any free one'
        })
      },
      strict
    ),
    stun: Type.Object(
      {
        host: Type.String({
          minLength: 1,
          default: '0.0.0.0',
          description: 'Interface that tells voice which address it is seen at (STUN)'
        }),
        port: Type.Integer({
          minimum: 0,
          maximum: 65_535,
          default: 0,
          description: 'UDP port of STUN, usually 3478; 0 answers none'
        })
      },
      strict
    ),
    roles: Type.Object(
      {
        relay: flag(true, 'Circuit relay'),
        rendezvous: flag(true, 'Rendezvous'),
        dht: flag(true, 'DHT server'),
        autonat: flag(true, 'AutoNAT server')
      },
      strict
    ),
    limits: Type.Object(
      {
        connectionsMax: count(NODE_LIMITS.connectionsMax, 'Connections'),
        pendingMax: count(NODE_LIMITS.pendingMax, 'Handshakes under way'),
        connectionsPerIpMax: count(NODE_LIMITS.connectionsPerIpMax, 'Connections of one host'),
        connectionsPerSubnetMax: count(NODE_LIMITS.connectionsPerSubnetMax, 'Connections of one /24 or /48'),
        connectionsPerIpPerSecond: count(
          NODE_LIMITS.connectionsPerIpPerSecond,
          'New connections of one host a second'
        ),
        reservationsMax: count(NODE_LIMITS.reservationsMax, 'Relay reservations'),
        reservationsPerIpMax: count(NODE_LIMITS.reservationsPerIpMax, 'Reservations of one host'),
        reservationsPerSubnetMax: count(
          NODE_LIMITS.reservationsPerSubnetMax,
          'Reservations of one /24 or /48'
        ),
        circuitsPerPeerMax: count(NODE_LIMITS.circuitsPerPeerMax, 'Circuits one peer has open'),
        circuitsBurst: count(
          NODE_LIMITS.circuitsBurst,
          'Circuits one peer may open at once, refilled at one in two seconds'
        ),
        circuitBytesMax: count(NODE_LIMITS.circuitBytesMax, 'Bytes one circuit carries'),
        circuitMsMax: count(NODE_LIMITS.circuitMsMax, 'Milliseconds one circuit lasts')
      },
      strict
    ),
    log: Type.Object(
      {
        level: Type.Union(
          LOG_LEVELS.map(each => Type.Literal(each)),
          { default: 'info', description: 'How much is logged' }
        ),
        addresses: flag(false, 'Log addresses and ids of peers; off, since they tell who talks when')
      },
      strict
    )
  },
  strict
)

type Values<T> = T extends readonly (infer E)[]
  ? readonly E[]
  : T extends object
    ? { readonly [K in keyof T]: Values<T[K]> }
    : T

/** A whole configuration. */
export interface NodeConfig extends Values<
  Omit<Static<typeof configSchema>, 'dev' | 'http' | 'stun' | 'roles' | 'limits' | 'log'>
> {
  readonly dev: boolean
  readonly http: { readonly enabled: boolean; readonly host: string; readonly port: number }
  readonly stun: { readonly host: string; readonly port: number }
  readonly roles: Readonly<Record<'relay' | 'rendezvous' | 'dht' | 'autonat', boolean>>
  readonly limits: Readonly<Record<LimitName, number>>
  readonly log: { readonly level: (typeof LOG_LEVELS)[number]; readonly addresses: boolean }
}

/** Limits an operator may set. */
export type LimitName = Exclude<keyof typeof NODE_LIMITS, 'circuitsPerSecond'>

/** One key that holds a value. */
export interface Setting {
  /** Dotted path, such as `limits.connectionsMax`. */
  readonly key: string
  /** Environment variable of the same. */
  readonly variable: string
  readonly schema: TSchema & { readonly default?: unknown; readonly description?: string }
}

function settingsOf(schema: TObject, path: readonly string[]): Setting[] {
  return Object.entries(schema.properties).flatMap(([name, inner]) => {
    const keys = [...path, name]
    if ((inner as { type?: string }).type === 'object') return settingsOf(inner as TObject, keys)
    const variable = `XCORD_NODE_${keys.map(each => each.replace(/[A-Z]/g, letter => `_${letter}`).toUpperCase()).join('_')}`
    return [{ key: keys.join('.'), variable, schema: inner }]
  })
}

/** Every key, in the order of the file. */
export const SETTINGS: readonly Setting[] = settingsOf(configSchema, [])

/** What a value of this key may be, for people. */
export function allowedText(schema: TSchema): string {
  const node = schema as {
    type?: string
    anyOf?: { const?: string }[]
    minimum?: number
    maximum?: number
    pattern?: string
    items?: TSchema
  }
  if (node.anyOf !== undefined) return node.anyOf.map(each => String(each.const)).join(', ')
  if (node.type === 'integer') return `a whole number from ${node.minimum} to ${node.maximum}`
  if (node.type === 'boolean') return 'true or false'
  if (node.type === 'array') return 'a list of multiaddrs, such as /ip4/192.0.2.7/tcp/4001'
  return node.pattern === '^/' ? 'a multiaddr, such as /ip4/192.0.2.7/tcp/4001' : 'text'
}
