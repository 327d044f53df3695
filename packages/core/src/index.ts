/**
 * What applications see of core: identifiers, errors, limits, and authority's permission functions over plain
 * data. Everything else has a door of its own (`@xcord/core/authority`, `@xcord/core/node`, …).
 */
export * from './base/index.ts'
export {
  ALL_PERMISSIONS,
  type ChannelKind,
  computePermissions,
  DEFAULT_EVERYONE,
  type EffectiveInput,
  effectivePermissions,
  type KnownPermission,
  PERMISSION_BITS,
  type PermissionInput,
  type PermissionName,
  type PermissionOverwrite,
  permissionsFromBits,
  permissionsToBits
} from './authority/index.ts'
