/**
 * Writes docs/spec/vectors/authority/explanations.json: explanations of one small server as files, and the same with
 * one thing changed, which a verifier refuses.
 * `node --conditions=xcord-source packages/core/scripts/vectors-explain.ts`
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { createNodeSuite } from '../src/adapters/crypto-node/index.ts'
import { idAs } from '../src/base/index.ts'
import {
  draft,
  draftBan,
  draftChannelCreate,
  draftKick,
  draftRoleAssign,
  draftRoleCreate
} from '../src/authority/index.ts'
import type { Suite } from '../src/crypto/index.ts'
import { type Explanation, explanationToJson, type Question } from '../src/verifier/index.ts'
import { accountOf, foundServer, joinOf, makeInvite, type VectorSite } from './authority-stage.ts'

interface Case {
  readonly note: string
  readonly explanation: Explanation
}

/** Ada owns, Grace moderates, Alan and Linus are members; Linus is kicked while Ada bans Grace. */
function explanationsOf(suite: Suite): readonly Case[] {
  const [ada, grace] = [accountOf(suite, 'ada'), accountOf(suite, 'grace')]
  const [alan, linus] = [accountOf(suite, 'alan'), accountOf(suite, 'linus')]
  const site: VectorSite = foundServer(suite, ada)
  const invite = makeInvite(site, ada, 'open')
  for (const each of [grace, alan, linus]) site.act(each, joinOf(site, each, invite))
  const role = site.act(
    ada,
    draftRoleCreate({ name: 'mods', position: Uint8Array.of(5), permissions: ['KickMembers', 'BanMembers'] })
  )
  site.act(ada, draftRoleAssign(grace.user, idAs('r', role.id)))
  const made = site.act(
    ada,
    draftChannelCreate({
      kind: 'text',
      name: 'rules',
      position: Uint8Array.of(9),
      overwrites: [{ target: idAs('r', site.log.server), deny: ['SendMessages'] }]
    })
  )
  const channel = idAs('c', made.id)
  site.act(ada, draft('timeout', { user: alan.user, until: site.now + 60_000, reason: null }))
  const { now: at } = site
  const early = site.log.heads()
  const other = site.copy()
  const kick = other.act(grace, draftKick(linus.user, 'spam'))
  site.act(ada, draftBan(grace.user))
  site.merge(other)
  const ask = (note: string, question: Question, options = {}): Case => ({
    note,
    explanation: site.log.explain(question, options)
  })
  const may = { kind: 'permission', user: grace.user, permission: 'KickMembers', channel: null, at } as const
  const message = {
    kind: 'message',
    message: idAs('m', kick.id),
    device: grace.device.device,
    seq: 1,
    channel: idAs('c', site.log.server),
    auth: early,
    at: site.now + 1,
    needs: []
  } as const
  return [
    ask('a moderator, as things were before', may, { frontier: early }),
    ask('the same moderator, banned since', may),
    ask('the owner', { ...may, user: ada.user }),
    ask(
      'an overwrite of @everyone denies',
      { ...may, user: linus.user, permission: 'SendMessages', channel },
      { frontier: early }
    ),
    ask('a timeout masks', { ...may, user: alan.user, permission: 'AddReactions' }),
    ask('the same after the timeout', {
      ...may,
      user: alan.user,
      permission: 'AddReactions',
      at: at + 100_000
    }),
    ask('a kick that a concurrent ban voids', { kind: 'operation', operation: kick.id }),
    ask(
      'the kick before the ban was known',
      { kind: 'operation', operation: kick.id },
      { frontier: [kick.id] }
    ),
    ask('a whole history', { kind: 'operation', operation: kick.id }, { complete: true }),
    ask('a message that the ban hides', message),
    ask('the message before it', message, { frontier: early })
  ]
}

/** One thing changed. */
function wrongOnes({ explanation }: Case): readonly { readonly why: string; readonly file: object }[] {
  const { steps, proof, completeness } = explanation
  const last = steps.length - 1
  const file = (part: Partial<Explanation>): object => explanationToJson({ ...explanation, ...part })
  return [
    { why: 'an operation is missing', file: file({ proof: proof.slice(1) }) },
    { why: 'a step is missing', file: file({ steps: steps.slice(0, last) }) },
    { why: 'the answer is the other one', file: file({ allowed: !explanation.allowed }) },
    {
      why: 'a step names another rule',
      file: file({ steps: steps.map((each, at) => (at === last ? { ...each, rule: 'AU1' as const } : each)) })
    },
    {
      why: 'it says that nothing is left out',
      file: file({
        completeness: { ...completeness, kind: completeness.kind === 'slice' ? 'closure' : 'slice' }
      })
    }
  ]
}

/** The whole file. */
export function buildExplanationVectors(suite: Suite): object {
  const cases = explanationsOf(suite)
  return {
    valid: cases.map(({ note, explanation }) => ({ note, file: explanationToJson(explanation) })),
    invalid: wrongOnes(cases[0] as Case).map(({ why, file }) => ({ why, file, rule: 'AU50' }))
  }
}

if (import.meta.main) {
  const folder = new URL('../../../docs/spec/vectors/authority/', import.meta.url)
  await mkdir(folder, { recursive: true })
  const text = `${JSON.stringify(buildExplanationVectors(await createNodeSuite()), null, 2)}\n`
  await writeFile(new URL('explanations.json', folder), text)
}
