/** Rules of automod as objects with verbs. */
import type { AutomodContent, AutomodRule as RuleState } from '@xcord/core/node'
import type { AutomodJson } from '../shapes.ts'
import type { AutomodInit, AutomodRule, Server } from '../types.ts'
import { findNamed } from './find.ts'
import type { LiveServer } from './server.ts'
import { toWritten } from './written.ts'

function contentOf(init: AutomodInit): AutomodContent {
  return {
    name: init.name,
    enabled: init.enabled ?? true,
    trigger: init.trigger,
    exemptRoles: (init.exemptRoles ?? []).map(each => (typeof each === 'string' ? each : each.id)),
    exemptChannels: (init.exemptChannels ?? []).map(each => (typeof each === 'string' ? each : each.id))
  }
}

function live(server: LiveServer, rule: RuleState): AutomodRule {
  const { id, name, enabled, trigger, exemptRoles, exemptChannels } = rule
  const toJSON = (): AutomodJson => ({
    id,
    server: server.id,
    name,
    rule: trigger.kind,
    action: 'block',
    enabled,
    words: trigger.kind === 'words' ? trigger.words : trigger.kind === 'links' ? trigger.allow : [],
    max: trigger.kind === 'mentions' ? trigger.max : null,
    exemptRoles,
    exemptChannels
  })
  return {
    id,
    server,
    name,
    enabled,
    trigger,
    edit: async (changes, options = {}) =>
      toWritten(
        await server.replica.operate(
          {
            kind: 'automod:set',
            rule: id,
            content: contentOf({ name, enabled, trigger, exemptRoles, exemptChannels, ...changes })
          },
          options.reason ?? null
        )
      ),
    remove: async (options = {}) =>
      toWritten(await server.replica.operate({ kind: 'automod:remove', rule: id }, options.reason ?? null)),
    toJSON
  }
}

/** Rules of a server. */
export function automodCollection(server: LiveServer): Server['automod'] {
  const current = (): readonly AutomodRule[] => server.replica.automod().map(each => live(server, each))
  return {
    get all() {
      return current()
    },
    get: idOrName => findNamed(current(), idOrName, ''),
    create: async (init, options = {}) => {
      const content = contentOf(init)
      const { operation } = await server.replica.operate(
        { kind: 'automod:set', rule: null, content },
        options.reason ?? null
      )
      return live(server, { id: operation, ...content })
    }
  }
}
