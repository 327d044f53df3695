/** Conversation: two to ten accounts without a server (DM): their keys, their chains, what travels between devices. */
export { createConversation, readConversation, type ConversationGenesis } from './genesis.ts'
export { type OwnPrekey, type Prekey, readPrekey, renewPrekeys } from './prekey.ts'
export { openHello, sealHello } from './hello.ts'
export {
  accountOf,
  type ConversationState,
  copyState,
  type Directory,
  emptyState,
  type EpochState,
  eraseKeys,
  recipientsOf
} from './state.ts'
export {
  type Content,
  type ConversationOwner,
  type Opened,
  readContent,
  settle,
  type Taken,
  takeEnvelope,
  takeStub
} from './take.ts'
export { type ConversationWriter, grantAgain, grantsOwed, write, type Written } from './write.ts'
export { type Chains, type ConversationFrame, decodeFrame, encodeFrame } from './frames.ts'
export {
  ACCOUNTS_MAX,
  ADDRESSES_MAX,
  CHAINS_MAX,
  CONVERSATION_FRAME_BYTES_MAX,
  ITEMS_BYTES_MAX,
  ITEMS_MAX,
  PREKEYS_MAX
} from './limits.ts'
