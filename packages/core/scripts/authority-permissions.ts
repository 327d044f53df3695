/** Permissions of members, computed and effective. */
import { computePermissions, effectivePermissions, permissionsToBits } from '../src/authority/index.ts'

/** vectors/authority/permissions.json */
export function permissionVectors(): object[] {
  const roles = [
    {
      id: 'everyone',
      permissions: permissionsToBits(['ViewChannel', 'SendMessages', 'Connect', 'ReadMessageHistory'])
    },
    { id: 'a', permissions: permissionsToBits(['ManageMessages']) },
    { id: 'admin', permissions: permissionsToBits(['Administrator']) }
  ]
  const base = { owner: 'o', member: 'm', everyone: 'everyone', roles }
  const none = 0n
  const send = permissionsToBits(['SendMessages'])
  const view = permissionsToBits(['ViewChannel'])
  const cases = [
    { note: 'base', ...base, held: ['a'] },
    { note: 'owner', ...base, member: 'o', held: [] },
    {
      note: 'administrator despite a denial',
      ...base,
      held: ['admin'],
      channelKind: 'text' as const,
      overwrites: [{ id: 'm', kind: 'member' as const, allow: none, deny: view }]
    },
    {
      note: "a role's allow over everyone's deny",
      ...base,
      held: ['a'],
      channelKind: 'text' as const,
      overwrites: [
        { id: 'everyone', kind: 'role' as const, allow: none, deny: send },
        { id: 'a', kind: 'role' as const, allow: send, deny: none }
      ]
    },
    {
      note: 'no view, nothing',
      ...base,
      held: ['a'],
      channelKind: 'text' as const,
      overwrites: [{ id: 'everyone', kind: 'role' as const, allow: none, deny: view }]
    },
    {
      note: 'timed out',
      ...base,
      held: ['a'],
      channelKind: 'text' as const,
      timeoutUntil: 10,
      overwrites: []
    },
    {
      note: 'voice without connecting',
      ...base,
      held: ['a'],
      channelKind: 'voice' as const,
      overwrites: [
        { id: 'everyone', kind: 'role' as const, allow: none, deny: permissionsToBits(['Connect']) }
      ]
    }
  ]
  return cases.map(({ note, ...input }) => ({
    note,
    input: JSON.parse(
      JSON.stringify(input, (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value))
    ) as object,
    at: 5,
    computed: computePermissions(input).toString(),
    effective: effectivePermissions({ ...input, at: 5 }).toString()
  }))
}
