/**
 * What applications see of core: identifiers, errors, limits, and authority's permission functions over plain
 * data. Everything else has a door of its own (`@xcord/core/authority`, `@xcord/core/node`, …).
 */
export * from './base/index.ts'
export type { ChannelKind, PermissionName } from './authority/contract.ts'
