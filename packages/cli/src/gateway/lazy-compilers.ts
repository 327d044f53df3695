/**
 * Route schemas compiled when a route is first used. Fastify compiles all of them before it listens, which for the
 * local API's hundred routes is half a second in which a starting daemon hears no peer; people use a handful.
 */
import SerializerSelector from '@fastify/fast-json-stringify-compiler'

type Select = ReturnType<typeof SerializerSelector>
type Serializer = ReturnType<ReturnType<Select>>

/** A factory for Fastify's `schemaController.compilersFactory.buildSerializer`. */
export function lazySerializers(): Select {
  const select = SerializerSelector()
  return (schemas, options) => {
    const compile = select(schemas, options)
    return route => {
      let serialize: Serializer | undefined
      return value => (serialize ??= compile(route))(value)
    }
  }
}
