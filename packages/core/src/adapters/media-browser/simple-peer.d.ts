/** Comes without types; `platform.ts` says which part of it is used. The file that runs in browsers as it is (PF17). */
declare module 'simple-peer/simplepeer.min.js'
