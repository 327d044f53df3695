/** Schemas with names: collects them for Fastify and OpenAPI, and publishes the frames' JSON Schema. */
import Type from 'typebox'
import { AckSchema, FrameSchema } from './frames.ts'
import { ROUTES } from './routes.ts'
import { ErrorSchema, ProblemSchema } from './schemas.ts'

type Json = Record<string, unknown>

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * A copy of a schema in which every named schema is a reference, the named ones collected in `named`.
 *
 * @param prefix - Put before the name in each reference.
 */
export function refer(
  schema: unknown,
  named: Map<string, Json>,
  prefix: (name: string) => string,
  root = true
): unknown {
  if (Array.isArray(schema)) return schema.map(each => refer(each, named, prefix, false))
  if (!isObject(schema)) return schema
  const name = schema['$id']
  if (typeof name === 'string' && !(root && named.has(name))) {
    if (!named.has(name)) {
      named.set(name, {})
      named.set(name, refer(schema, named, prefix, true) as Json)
    }
    return { $ref: prefix(name) }
  }
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, refer(value, named, prefix, false)])
  )
}

/** Named schemas as Fastify takes them (`Name#`). */
export function fastifySchemas(): {
  readonly named: readonly Json[]
  readonly ref: (schema: Type.TSchema) => unknown
} {
  const named = new Map<string, Json>()
  const prefix = (name: string) => `${name}#`
  for (const route of Object.values(ROUTES)) refer(route.reply, named, prefix, false)
  refer(ProblemSchema, named, prefix, false)
  return { named: [...named.values()], ref: schema => refer(schema, named, prefix, false) }
}

function bundle(title: string, roots: Readonly<Record<string, Type.TSchema>>): Json {
  const named = new Map<string, Json>()
  const prefix = (name: string) => `#/$defs/${name}`
  for (const [name, schema] of Object.entries(roots)) {
    const answer = refer(schema, named, prefix, false)
    if (!named.has(name)) named.set(name, answer as Json)
  }
  const bare = [...named].map(([name, schema]) => [
    name,
    Object.fromEntries(Object.entries(schema).filter(([key]) => key !== '$id'))
  ])
  return { $schema: 'https://json-schema.org/draft/2020-12/schema', title, $defs: Object.fromEntries(bare) }
}

/** JSON Schema of the WebSocket frames: OpenAPI does not describe them. */
export function eventsDocument(): Json {
  return bundle('XCord event frames', { Frame: FrameSchema, AckFrame: AckSchema })
}

/** JSON Schema of everything `xcord --json` prints. */
export function schemaDocument(): Json {
  const replies = Object.entries(ROUTES).map(([name, route]) => [`${name}Reply`, route.reply])
  return bundle('XCord command line', {
    ...(Object.fromEntries(replies) as Record<string, Type.TSchema>),
    Frame: FrameSchema,
    ErrorAnswer: Type.Object({ error: ErrorSchema })
  })
}
