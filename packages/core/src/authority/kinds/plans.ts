/** Which plan judges which kind. */
import { refuse } from '../../base/index.ts'
import type { PlanContext, Planned } from '../plan.ts'
import * as channels from './plan-channel.ts'
import * as members from './plan-member.ts'
import * as roles from './plan-role.ts'
import * as selves from './plan-self.ts'
import * as servers from './plan-server.ts'
import type { BodyOf, KindBody, KindName } from './table.ts'

/** The rules of each kind (AU12). */
const PLANS: { readonly [N in KindName]: (context: PlanContext, body: BodyOf<N>) => Planned } = {
  genesis: () => refuse('AU1', 'a second genesis'),
  join: selves.planJoin,
  leave: selves.planLeave,
  nick: selves.planNick,
  deviceAdd: selves.planDeviceAdd,
  deviceRevoke: selves.planDeviceRevoke,
  identityEntry: selves.planIdentityEntry,
  threadCreate: channels.planThreadCreate,
  threadMember: channels.planThreadMember,
  gather: selves.planGather,
  inviteCreate: members.planInviteCreate,
  inviteRevoke: members.planInviteRevoke,
  memberNick: members.planMemberNick,
  memberVoice: members.planMemberVoice,
  kick: members.planKick,
  ban: members.planBan,
  unban: members.planUnban,
  timeout: members.planTimeout,
  seal: members.planSeal,
  cutExtend: members.planCutExtend,
  roleCreate: roles.planRoleCreate,
  roleEdit: roles.planRoleEdit,
  roleMove: roles.planRoleMove,
  roleDelete: roles.planRoleDelete,
  roleAssign: roles.planRoleAssign,
  roleUnassign: roles.planRoleUnassign,
  channelCreate: channels.planChannelCreate,
  channelEdit: channels.planChannelEdit,
  channelMove: channels.planChannelMove,
  channelDelete: channels.planChannelDelete,
  threadEdit: channels.planThreadEdit,
  overwrite: channels.planOverwrite,
  threadDelete: channels.planThreadDelete,
  serverSet: servers.planServerSet,
  policySet: servers.planPolicySet,
  protoRaise: servers.planProtoRaise,
  transfer: servers.planTransfer,
  automodSet: servers.planAutomodSet,
  automodDelete: servers.planAutomodDelete,
  objectSet: servers.planObjectSet,
  objectDelete: servers.planObjectDelete,
  checkpoint: servers.planCheckpoint,
  transferRecover: servers.planTransferRecover
}

/** What an operation's kind asks and does. */
export function planOf(context: PlanContext, kind: KindBody): Planned {
  return (PLANS[kind.name] as (context: PlanContext, body: unknown) => Planned)(context, kind.body)
}
