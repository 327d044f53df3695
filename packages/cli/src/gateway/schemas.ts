/**
 * The shapes of the local API as TypeBox schemas, one for each of the SDK's JSON shapes. From them come
 * validation, OpenAPI and `xcord schema`; the compiler checks that each equals its shape.
 */
import Type from 'typebox'
import type {
  AttachmentJson,
  AvatarJson,
  AutomodJson,
  BanJson,
  ChannelJson,
  Delivery,
  DeliveryState,
  DeviceJson,
  DoctorCheckJson,
  DoctorJson,
  ErrorJson,
  ExpressionJson,
  IdentityJson,
  InviteJson,
  MemberJson,
  MessageJson,
  OperationJson,
  OverwriteJson,
  PeerJson,
  PolicyJson,
  PresenceJson,
  ReactionJson,
  RoleJson,
  ScheduledEventJson,
  ServerJson,
  Standing,
  ThreadJson
} from '@xcord/sdk'

type Mutable<T> = T extends readonly (infer E)[]
  ? Mutable<E>[]
  : T extends object
    ? { -readonly [K in keyof T]: Mutable<T[K]> }
    : T
export type Same<A, B> = [Mutable<A>] extends [Mutable<B>]
  ? [Mutable<B>] extends [Mutable<A>]
    ? unknown
    : never
  : never

/** Ties a schema to its shape: does not compile unless both say the same. */
export const shape =
  <T>() =>
  <S extends Type.TSchema>(schema: S & Same<Type.Static<S>, T>): Type.TUnsafe<T> =>
    Type.Unsafe<T>(schema)

export const literals = <const T extends readonly string[]>(...values: T): Type.TUnsafe<T[number]> =>
  Type.Unsafe<T[number]>({ type: 'string', enum: values })
export const nullable = <S extends Type.TSchema>(schema: S) => Type.Union([schema, Type.Null()])
export const count = Type.Integer({ minimum: 0 })
export const time = Type.String({ description: 'ISO 8601, UTC' })

export const Id = Type.String({ description: 'Letter of the kind, then base32hex of the bytes' })
/** Levels of delivery, lowest first. */
export const DELIVERY_STATES = ['local', 'sent', 'stored', 'delivered', 'seen'] as const
export const DeliveryStateSchema = shape<DeliveryState>()(literals(...DELIVERY_STATES))
export const StandingSchema = shape<Standing>()(literals('effective', 'pending', 'voided'))

export const DeliverySchema = shape<Delivery>()(
  Type.Object({ state: DeliveryStateSchema, holders: count }, { $id: 'Delivery' })
)
export const OperationSchema = shape<OperationJson>()(
  Type.Object({ operation: Id, standing: StandingSchema, delivery: DeliverySchema }, { $id: 'Operation' })
)
const ReactionSchema = shape<ReactionJson>()(
  Type.Object({ emoji: Type.String(), users: Type.Array(Id) }, { $id: 'Reaction' })
)
const AttachmentSchema = shape<AttachmentJson>()(
  Type.Object({ id: Id, name: Type.String(), type: Type.String(), size: count }, { $id: 'Attachment' })
)
export const MessageSchema = shape<MessageJson>()(
  Type.Object(
    {
      id: Id,
      server: Id,
      channel: Id,
      author: Id,
      authorName: Type.String(),
      content: Type.String(),
      at: time,
      editedAt: Type.Optional(time),
      deleted: Type.Optional(Type.Unsafe<true>({ type: 'boolean' })),
      replyTo: Type.Optional(Id),
      mentions: Type.Array(Type.String()),
      attachments: Type.Array(AttachmentSchema),
      reactions: Type.Array(ReactionSchema),
      standing: StandingSchema,
      unverified: Type.Optional(Type.Unsafe<true>({ type: 'boolean' })),
      delivery: DeliverySchema
    },
    { $id: 'Message' }
  )
)
export const ServerSchema = shape<ServerJson>()(
  Type.Object(
    {
      id: Id,
      name: Type.String(),
      description: nullable(Type.String()),
      owner: Id,
      members: count,
      channels: count,
      stateHash: Type.String(),
      unread: count,
      nodes: Type.Optional(Type.Array(Type.String())),
      afk: Type.Optional(Type.Object({ channel: Id, seconds: count })),
      imported: Type.Optional(Type.Literal(true)),
      verifying: Type.Optional(Type.Object({ snapshot: Id, by: nullable(Id), operations: count, of: count }))
    },
    { $id: 'Server' }
  )
)
const OverwriteSchema = shape<OverwriteJson>()(
  Type.Object(
    {
      target: Id,
      kind: literals('role', 'member'),
      allow: Type.Array(Type.String()),
      deny: Type.Array(Type.String())
    },
    { $id: 'Overwrite' }
  )
)
const ThreadSchema = shape<ThreadJson>()(
  Type.Object(
    {
      private: Type.Boolean(),
      archived: Type.Boolean(),
      locked: Type.Boolean(),
      creator: Id,
      createdAt: time,
      members: Type.Array(Id)
    },
    { $id: 'Thread' }
  )
)
export const ChannelSchema = shape<ChannelJson>()(
  Type.Object(
    {
      id: Id,
      server: Id,
      name: Type.String(),
      kind: literals('category', 'text', 'voice', 'forum', 'stage', 'announcement', 'thread'),
      parent: nullable(Id),
      position: Type.Number(),
      topic: nullable(Type.String()),
      history: literals('all', 'join', 'window'),
      historyDays: Type.Optional(count),
      slowmodeSeconds: count,
      nsfw: Type.Boolean(),
      userLimit: Type.Optional(count),
      bitrateKbps: Type.Optional(count),
      synced: Type.Boolean(),
      overwrites: Type.Array(OverwriteSchema),
      unread: count,
      thread: Type.Optional(ThreadSchema)
    },
    { $id: 'Channel' }
  )
)
export const RoleSchema = shape<RoleJson>()(
  Type.Object(
    {
      id: Id,
      server: Id,
      name: Type.String(),
      color: nullable(Type.String()),
      position: Type.Number(),
      permissions: Type.Array(Type.String()),
      hoist: Type.Boolean(),
      mentionable: Type.Boolean(),
      members: count
    },
    { $id: 'Role' }
  )
)
export const PresenceSchema = shape<PresenceJson>()(
  Type.Object(
    { status: literals('online', 'idle', 'dnd', 'offline'), text: nullable(Type.String()) },
    { $id: 'Presence' }
  )
)
export const AvatarSchema = shape<AvatarJson>()(
  Type.Object({ id: Id, type: Type.String(), size: count }, { $id: 'Avatar' })
)
export const MemberSchema = shape<MemberJson>()(
  Type.Object(
    {
      id: Id,
      server: Id,
      name: Type.String(),
      nick: nullable(Type.String()),
      roles: Type.Array(Id),
      joinedAt: time,
      owner: Type.Boolean(),
      online: Type.Boolean(),
      presence: Type.Optional(PresenceSchema),
      avatar: Type.Optional(AvatarSchema),
      timeoutUntil: Type.Optional(time),
      muted: Type.Optional(Type.Unsafe<true>({ type: 'boolean' })),
      deafened: Type.Optional(Type.Unsafe<true>({ type: 'boolean' })),
      forkedDevices: Type.Optional(Type.Array(Id))
    },
    { $id: 'Member' }
  )
)
export const InviteSchema = shape<InviteJson>()(
  Type.Object(
    {
      id: Id,
      server: Id,
      link: Type.Optional(Type.String()),
      mode: literals('open', 'approval'),
      author: Id,
      expiresAt: nullable(time),
      uses: count,
      maxUses: nullable(count),
      open: Type.Boolean()
    },
    { $id: 'Invite' }
  )
)
export const BanSchema = shape<BanJson>()(
  Type.Object(
    {
      id: Id,
      server: Id,
      name: Type.String(),
      by: nullable(Id),
      reason: nullable(Type.String()),
      at: nullable(time),
      operation: nullable(Id)
    },
    { $id: 'Ban' }
  )
)
export const AutomodSchema = shape<AutomodJson>()(
  Type.Object(
    {
      id: Id,
      server: Id,
      name: Type.String(),
      rule: literals('words', 'mentions', 'links'),
      action: literals('block'),
      enabled: Type.Boolean(),
      words: Type.Array(Type.String()),
      max: nullable(count),
      exemptRoles: Type.Array(Id),
      exemptChannels: Type.Array(Id)
    },
    { $id: 'AutomodRule' }
  )
)
export const ExpressionSchema = shape<ExpressionJson>()(
  Type.Object(
    {
      id: Id,
      server: Id,
      kind: literals('emoji', 'sticker', 'sound'),
      name: Type.String(),
      creator: Id,
      mediaType: Type.String(),
      media: Type.String({ description: 'Base64' })
    },
    { $id: 'Expression' }
  )
)
export const ScheduledEventSchema = shape<ScheduledEventJson>()(
  Type.Object(
    {
      id: Id,
      server: Id,
      name: Type.String(),
      startsAt: time,
      endsAt: nullable(time),
      description: nullable(Type.String()),
      location: nullable(Type.String()),
      creator: Id
    },
    { $id: 'ScheduledEvent' }
  )
)
export const PolicySchema = shape<PolicyJson>()(
  Type.Object(
    { server: Id, invites: literals('open', 'approval'), transferNeedsPhrase: Type.Boolean() },
    { $id: 'Policy' }
  )
)
export const DeviceSchema = shape<DeviceJson>()(
  Type.Object(
    {
      device: Id,
      name: Type.String(),
      addedAt: nullable(time),
      manage: Type.Boolean(),
      active: Type.Boolean(),
      current: Type.Boolean()
    },
    { $id: 'Device' }
  )
)
export const IdentitySchema = shape<IdentityJson>()(
  Type.Object(
    {
      identity: Id,
      name: Type.String(),
      device: Id,
      devices: Type.Array(DeviceSchema),
      safetyNumber: Type.String()
    },
    { $id: 'Identity' }
  )
)
export const PeerSchema = shape<PeerJson>()(
  Type.Object(
    {
      peer: Type.String(),
      name: nullable(Type.String()),
      kind: literals('member', 'node', 'unknown'),
      path: literals('lan', 'tcp', 'wss', 'webrtc', 'turn', 'relayed', 'store', 'memory', 'none'),
      address: nullable(Type.String()),
      rttMs: nullable(Type.Number()),
      servers: Type.Array(Id),
      cause: Type.Optional(Type.String()),
      remedy: Type.Optional(Type.String())
    },
    { $id: 'Peer' }
  )
)
const DoctorCheckSchema = shape<DoctorCheckJson>()(
  Type.Object(
    {
      check: literals(
        'store',
        'identity',
        'addresses',
        'bootstrap',
        'relay',
        'members',
        'forks',
        'snapshots',
        'unopened',
        'clock',
        'outbox',
        'keystore',
        'keychain',
        'budget'
      ),
      ok: Type.Boolean(),
      detail: Type.String(),
      cause: Type.Optional(Type.String()),
      remedy: Type.Optional(Type.String())
    },
    { $id: 'DoctorCheck' }
  )
)
export const DoctorSchema = shape<DoctorJson>()(
  Type.Object(
    {
      ok: Type.Boolean(),
      addresses: Type.Array(Type.String()),
      checks: Type.Array(DoctorCheckSchema),
      peers: Type.Array(PeerSchema)
    },
    { $id: 'Doctor' }
  )
)
export const ErrorSchema = Type.Object(
  {
    code: Type.Unsafe<ErrorJson['code']>({ type: 'string' }),
    message: Type.String(),
    details: Type.Unknown(),
    docs: Type.String()
  },
  { $id: 'Error' }
)
/** An error as an HTTP answer: RFC 9457 with our code and details. */
export const ProblemSchema = Type.Object(
  {
    type: Type.String({ description: 'Where the code is explained' }),
    title: Type.String({ description: 'The message' }),
    status: Type.Integer(),
    code: Type.String(),
    details: Type.Unknown()
  },
  { $id: 'Problem' }
)
