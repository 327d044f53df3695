/** The route that says why. */
import Type from 'typebox'
import { ofServer, text } from './route-parts.ts'
import { Id } from './schemas.ts'
import { input, route } from './route.ts'

const texts = Type.Array(Type.String())
const counts = Type.Array(Type.Integer({ minimum: 0 }))

const Step = Type.Object({ rule: Type.String(), claim: texts, subjects: texts, because: counts })

/** Saved as it is, anybody can verify it. */
export const ExplanationSchema = Type.Object(
  {
    version: Type.Literal(1),
    server: Id,
    question: Type.Unsafe<Readonly<Record<string, unknown>>>({ type: 'object', additionalProperties: true }),
    allowed: Type.Boolean(),
    code: Type.String(),
    frontier: Type.Array(Id),
    steps: Type.Array(Step),
    proof: texts,
    completeness: Type.Object({
      kind: Type.Unsafe<'closure' | 'slice'>({ type: 'string', enum: ['closure', 'slice'] }),
      judged: Type.Integer(),
      links: Type.Integer()
    })
  },
  { title: 'Explanation' }
)

const ToldSchema = Type.Object({ answer: Type.String(), steps: texts, proof: Type.String() })

export const explanations = {
  explain: route({
    method: 'POST',
    url: '/v1/servers/:server/explain',
    tag: 'servers',
    summary:
      'Why a member may or may not do something, why an operation stands, why a message shows: steps, rules, signed proof',
    params: ofServer,
    body: input({
      permission: Type.Optional(text),
      member: Type.Optional(text),
      channel: Type.Optional(text),
      at: Type.Optional(Type.String({ format: 'date-time' })),
      operation: Type.Optional(text),
      message: Type.Optional(text),
      complete: Type.Optional(Type.Boolean())
    }),
    reply: Type.Object({ explanation: ExplanationSchema, told: ToldSchema })
  })
}
