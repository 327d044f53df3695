/** Archive: a server as one signed file that anybody can verify (SX). */
export * from './contract.ts'
export { BLOCK_BYTES_MAX, BlockType } from './blocks.ts'
export { type ExportPoint, operationsAt, replay } from './past.ts'
export { compareForExport, writeExport } from './write.ts'
export { type ExportReader, openExport } from './read.ts'
