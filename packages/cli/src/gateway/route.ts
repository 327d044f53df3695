/** What a route is: one value that gives types, validation, OpenAPI and the client's call. */
import Type from 'typebox'

type Parts<P, Q, B> = (P extends Type.TSchema ? { readonly params: Type.Static<P> } : unknown) &
  (Q extends Type.TSchema ? { readonly query: Type.Static<Q> } : unknown) &
  (B extends Type.TSchema ? { readonly body: Type.Static<B> } : unknown)

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface AnyRoute {
  readonly method: Method
  /** Path with `:name` for parameters. */
  readonly url: string
  readonly summary: string
  readonly tag: string
  readonly params?: Type.TSchema
  readonly query?: Type.TSchema
  readonly body?: Type.TSchema
  readonly reply: Type.TSchema
  readonly status: 200 | 201 | 202
  /** Which side is bytes of any length in place of JSON. */
  readonly bytes?: 'body' | 'reply'
}

export interface Route<I, R> extends AnyRoute {
  /** Types only; never there at run time. */
  readonly types?: { readonly input: I; readonly reply: R }
}

export type InputOf<R> = R extends { readonly types?: { readonly input: infer I; readonly reply: unknown } }
  ? I
  : never
export type ReplyOf<R> = R extends { readonly types?: { readonly input: unknown; readonly reply: infer A } }
  ? A
  : never

interface RouteInit<P, Q, B, R> {
  readonly method: Method
  readonly url: string
  readonly summary: string
  readonly tag: string
  readonly params?: P
  readonly query?: Q
  readonly body?: B
  readonly reply: R
  readonly status?: 200 | 201 | 202
  readonly bytes?: 'body' | 'reply'
}

/** Names a route's parts, keeping their types. */
export function route<R extends Type.TSchema, P = undefined, Q = undefined, B = undefined>(
  init: RouteInit<P, Q, B, R>
): Route<Parts<P, Q, B>, Type.Static<R>> {
  return { status: 200, ...init } as Route<Parts<P, Q, B>, Type.Static<R>>
}

/** A list: one object, so that fields can be added beside the items. */
export const listOf = <S extends Type.TSchema>(schema: S) => Type.Object({ items: Type.Array(schema) })

/** A body or query: unknown fields are dropped, as newer clients may send more. */
export const input = <P extends Type.TProperties>(properties: P) =>
  Type.Object(properties, { additionalProperties: false })
