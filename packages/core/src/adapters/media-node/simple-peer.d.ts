/** Comes without types; `native.ts` says which part of it is used. */
declare module 'simple-peer'
