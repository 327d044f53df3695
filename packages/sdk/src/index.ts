/** XCord for applications. */
export type * from './types.ts'
export type * from './shapes.ts'
