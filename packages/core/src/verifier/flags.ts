/** Names of permission bits in claims (AU33). */
const NAMES =
  'CreateInstantInvite KickMembers BanMembers Administrator ManageChannels ManageServer AddReactions ViewAuditLog ' +
  'PrioritySpeaker Stream ViewChannel SendMessages SendTTSMessages ManageMessages EmbedLinks AttachFiles ' +
  'ReadMessageHistory MentionEveryone UseExternalEmojis ViewServerInsights Connect Speak MuteMembers DeafenMembers ' +
  'MoveMembers UseVAD ChangeNickname ManageNicknames ManageRoles ManageWebhooks ManageServerExpressions ' +
  'UseApplicationCommands RequestToSpeak ManageEvents ManageThreads CreatePublicThreads CreatePrivateThreads ' +
  'UseExternalStickers SendMessagesInThreads UseEmbeddedActivities ModerateMembers ' +
  'ViewCreatorMonetizationAnalytics UseSoundboard CreateServerExpressions CreateEvents UseExternalSounds ' +
  'SendVoiceMessages - SetVoiceChannelStatus SendPolls UseExternalApps PinMessages BypassSlowmode'
const OWN = 'EditDocuments ManageDocuments ShareHistory'

const BITS = new Map<string, number>([
  ...NAMES.split(' ').map((name, bit) => [name, bit] as const),
  ...OWN.split(' ').map((name, at) => [name, 64 + at] as const)
])
BITS.delete('-')
const BY_BIT = new Map([...BITS].map(([name, bit]) => [bit, name]))

export const bitOf = (name: string): number | undefined => BITS.get(name)
export const nameOf = (bit: number): string => BY_BIT.get(bit) ?? String(bit)
