/** Sync: who lacks what, and in which order it travels (SY). A pure machine, blind to content. */
export * from './contract.ts'
export * from './limits.ts'
export { Budget, type BudgetLedger, type BudgetReport, type ByteBudget } from './byte-budget.ts'
export { ChainIndex, type Chain, type ChainId, chainOfAuthor, chainToBytes } from './chain-index.ts'
export { type IdBeginning, IdSet } from './id-set.ts'
export { type Fingerprint, fingerprintOf } from './fingerprint.ts'
export * as ranges from './ranges.ts'
export { type EnvelopeLog } from './range-form.ts'
export { compareBounds, HIGHEST, LOWEST, type RangeBound, RangeTree } from './range-tree.ts'
export { createReceipt, RECEIPT_KINDS, type Receipt, type ReceiptKind, verifyReceipt } from './receipt.ts'
export {
  type Delivery,
  type DeliveryChange,
  type DeliveryEntry,
  type DeliveryLevel,
  DELIVERY_LEVELS,
  DeliveryTracker,
  type DeliveryWorld,
  type ReceiptSigner
} from './delivery.ts'
export {
  decodeFrame,
  encodeFrame,
  type Frame,
  FRAME_NUMBERS,
  type FrameKind,
  type Summary,
  type Tip
} from './frames.ts'
export { createSync } from './machine.ts'
export { haveList } from './past.ts'
