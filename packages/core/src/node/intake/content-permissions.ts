/** What an act of content needs in its channel. */
import type { PermissionName } from '../../authority/index.ts'
import type { Body } from '../../e2ee/index.ts'

/** Permissions an act needs beside ViewChannel (AU33, AU38); authorship is the timeline's question. */
export function permissionsFor(body: Body): readonly PermissionName[] {
  switch (body.kind) {
    case 'message':
      return [
        'SendMessages',
        ...(body.mentions.everyone ? ['MentionEveryone' as const] : []),
        ...(body.attachments.length > 0 ? ['AttachFiles' as const] : [])
      ]
    case 'reaction':
      return body.on ? ['AddReactions'] : []
    case 'pin':
      return ['PinMessages']
    default:
      return []
  }
}
