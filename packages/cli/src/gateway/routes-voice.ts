/** Routes of this profile's own part in voice channels. */
import Type from 'typebox'
import { ofChannel, ofServer, text } from './route-parts.ts'
import { input, listOf, route } from './route.ts'
import { Id } from './schemas.ts'

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
  trouble: Type.Union(
    [
      Type.Literal('unanswered'),
      Type.Literal('ice'),
      Type.Literal('dtls'),
      Type.Literal('description'),
      Type.Literal('codec'),
      Type.Literal('limit'),
      Type.Literal('crashed'),
      Type.Null()
    ],
    { description: 'What the last attempt failed by; null once one connected' }
  ),
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
  cause: Type.Union([Type.Literal('self'), Type.Literal('moderator'), Type.Literal('idle')], {
    description: 'What brought this profile into the channel: itself, a moderator, or having been idle'
  }),
  code: Type.String({ description: 'Whoever reads out the same is in a call with the same devices' }),
  muted: Type.Boolean(),
  deafened: Type.Boolean(),
  pushToTalk: Type.Boolean(),
  talking: Type.Boolean({ description: 'With push to talk: the key is down' }),
  priority: Type.Boolean({ description: 'To be heard before others' }),
  volumes: Type.Record(Type.String(), Type.Number(), {
    description: 'Percent by member, where it is not 100'
  }),
  pairs: Type.Array(PairSchema)
})

const EndedSchema = Type.Object(
  {
    channel: text,
    name: Type.String(),
    end: Type.Union([Type.Literal('full'), Type.Literal('removed'), Type.Literal('moved')])
  },
  { description: 'How the last call ended, where it was not left' }
)

const OccupantSchema = Type.Object(
  {
    member: Id,
    name: Type.String(),
    device: Id,
    channel: Id,
    muted: Type.Boolean(),
    deafened: Type.Boolean(),
    speaking: Type.Boolean(),
    silenced: Type.Boolean({ description: 'By a moderator, or without Speak' })
  },
  { $id: 'Occupant' }
)

const ofMember = Type.Object({ server: text, member: text })
const flag = Type.Optional(Type.Boolean())

export const voice = {
  joinVoice: route({
    method: 'POST',
    url: '/v1/channels/:channel/voice',
    tag: 'voice',
    summary: 'Joins a voice channel; sound comes from and goes to where the body says, on this machine',
    params: ofChannel,
    body: input({
      muted: flag,
      deafened: flag,
      pushToTalk: Type.Optional(
        Type.Boolean({ description: 'Send only while "talking"; false needs UseVAD' })
      ),
      voiceActivity: Type.Optional(
        Type.Boolean({ description: 'Of the microphone send only what sounds like speech' })
      ),
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
    reply: Type.Object({
      call: Type.Union([CallSchema, Type.Null()]),
      ended: Type.Union([EndedSchema, Type.Null()])
    })
  }),
  listOccupants: route({
    method: 'GET',
    url: '/v1/servers/:server/occupants',
    tag: 'voice',
    summary: 'Who is in which voice channel, by device, and who speaks; seen without joining',
    params: ofServer,
    reply: listOf(OccupantSchema)
  }),
  editVoice: route({
    method: 'PATCH',
    url: '/v1/servers/:server/voice',
    tag: 'voice',
    summary: 'Changes the call this profile is in; what is not named stays',
    params: ofServer,
    body: input({
      muted: flag,
      deafened: flag,
      pushToTalk: flag,
      talking: flag,
      priority: Type.Optional(Type.Boolean({ description: 'To be heard before others: PrioritySpeaker' })),
      channel: Type.Optional(Type.String({ minLength: 1, description: 'Another voice channel: goes there' }))
    }),
    reply: CallSchema
  }),
  setVolume: route({
    method: 'PUT',
    url: '/v1/servers/:server/volumes/:member',
    tag: 'voice',
    summary:
      'How loud a member is on the speakers here, in this call and later ones, while the process lasts',
    params: ofMember,
    body: input({ percent: Type.Number({ minimum: 0, maximum: 200 }) }),
    reply: Type.Object({ member: Id, percent: Type.Number() })
  }),
  moveMember: route({
    method: 'PUT',
    url: '/v1/servers/:server/members/:member/channel',
    tag: 'voice',
    summary: 'Sends a member from their voice channel to another, or out (null). MoveMembers',
    params: ofMember,
    body: input({ channel: Type.Union([text, Type.Null()]) }),
    reply: Type.Object({ member: Id, channel: Type.Union([Id, Type.Null()]) })
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
