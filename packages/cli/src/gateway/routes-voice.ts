/** Routes of this profile's own part in voice channels. */
import Type from 'typebox'
import { ofChannel, ofServer, text } from './route-parts.ts'
import { input, route } from './route.ts'

const device = Type.Optional(Type.Union([Type.Literal(true), text], { description: 'true: the usual one' }))
const figure = Type.Union([Type.Number(), Type.Null()])
const told = Type.Union([Type.Literal('unknown'), Type.Literal('yes'), Type.Literal('no')])

const PairSchema = Type.Object({
  member: text,
  name: Type.String(),
  device: text,
  path: Type.Union([
    Type.Literal('connecting'),
    Type.Literal('connected'),
    Type.Literal('interrupted'),
    Type.Literal('unreachable')
  ]),
  heard: told,
  hears: told,
  route: Type.Union([Type.Literal('direct'), Type.Literal('relay'), Type.Null()]),
  rttMs: figure,
  jitterMs: figure,
  lossPct: figure,
  receivedKbps: figure,
  sentKbps: figure,
  concealedPct: figure,
  quality: Type.Union([Type.Literal('good'), Type.Literal('fair'), Type.Literal('poor'), Type.Null()])
})

const CallSchema = Type.Object({
  channel: text,
  name: Type.String(),
  code: Type.String({ description: 'Whoever reads out the same is in a call with the same devices' }),
  muted: Type.Boolean(),
  deafened: Type.Boolean(),
  pairs: Type.Array(PairSchema)
})

export const voice = {
  joinVoice: route({
    method: 'POST',
    url: '/v1/channels/:channel/voice',
    tag: 'voice',
    summary: 'Joins a voice channel; sound comes from and goes to where the body says, on this machine',
    params: ofChannel,
    body: input({
      muted: Type.Optional(Type.Boolean()),
      input: Type.Optional(Type.String({ minLength: 1, description: 'Path of a WAV file, played once' })),
      tone: Type.Optional(Type.Number({ minimum: 20, maximum: 20_000, description: 'Hertz' })),
      microphone: device,
      speakers: device,
      output: Type.Optional(Type.String({ minLength: 1, description: 'Folder for a WAV file by speaker' }))
    }),
    reply: CallSchema
  }),
  getVoice: route({
    method: 'GET',
    url: '/v1/servers/:server/voice',
    tag: 'voice',
    summary: 'The call this profile is in, with figures of each pair; null for none',
    params: ofServer,
    reply: Type.Object({ call: Type.Union([CallSchema, Type.Null()]) })
  }),
  leaveVoice: route({
    method: 'DELETE',
    url: '/v1/servers/:server/voice',
    tag: 'voice',
    summary: 'Leaves the call, and says what was recorded',
    params: ofServer,
    reply: Type.Object({
      left: Type.Boolean({ description: 'Whether there was one' }),
      files: Type.Record(Type.String(), Type.String(), { description: 'Path by speaker' })
    })
  })
}
