/** Questions about a random history, and the verifier's stand-ins for its stand-in certificates. */
import { idAs, idFromBytes, type UserId } from '../../../src/base/index.ts'
import { type AuthorityLog, PERMISSION_BITS, permissionsToBits } from '../../../src/authority/index.ts'
import type { Explanation, IdentityReader, Question } from '../../../src/verifier/index.ts'
import type { Operation } from '../../../src/graph/index.ts'
import { fakeDeps, START } from '../cast.ts'
import type { Dice, Maker } from '../history.ts'

const taken = <T>(
  verdict: { readonly ok: true; readonly value: T } | { readonly ok: false }
): T | undefined => (verdict.ok ? verdict.value : undefined)

/** Reads what `fakeDeps` reads. */
export const fakeIdentity: IdentityReader = {
  certificate: bytes => taken(fakeDeps.verifyCredential(bytes)),
  revocation: bytes => taken(fakeDeps.verifyRevocation(bytes)),
  entry: bytes => {
    const claims = taken(fakeDeps.verifyIdentityEntry(bytes))
    if (claims?.userKey === undefined) return undefined
    const { generation, boxPublicKey } = claims.userKey
    return { user: claims.user, key: { generation, box: boxPublicKey } }
  },
  genesis: bytes => ({ user: idFromBytes('u', bytes.slice(0, 32)), root: bytes.slice(0, 32) })
}

const NEEDS = [[], ['SendMessages'], ['SendMessages', 'AttachFiles'], ['ManageMessages']] as const

/** Some of each kind. */
export function questionsOf(maker: Maker, dice: Dice, each: number): Question[] {
  const { log, operations } = maker.site
  const channels = [
    null,
    ...log
      .state()
      .channels()
      .map(channel => channel.id)
  ]
  const at = (): number => START + dice.below(60_000)
  const operation = (): Operation['id'] => dice.pick(operations).id
  const out: Question[] = []
  for (let i = 0; i < each; i++) {
    const permission = dice.pick(Object.keys(PERMISSION_BITS))
    const user = dice.pick(maker.people).user
    out.push({ kind: 'operation', operation: operation() })
    out.push({ kind: 'permission', user, permission, channel: dice.pick(channels), at: at() })
    out.push({
      kind: 'message',
      message: idAs('m', operation()),
      device: dice.pick(maker.people).device,
      seq: dice.below(6),
      channel: dice.pick(channels) ?? idAs('c', log.server),
      auth: [...new Set([operation(), operation()])].sort(),
      at: at(),
      needs: dice.pick(NEEDS)
    })
  }
  return out
}

/** What the resolver itself says, as an explanation's code and the step that gives it. */
export function contradiction(
  log: AuthorityLog,
  { question, allowed, code, steps }: Explanation
): string | undefined {
  const last = steps.at(-1)
  if (question.kind === 'permission') {
    const { user, channel, at, permission } = question
    const bits = log.state().permissions(user as UserId, channel as never, at)
    return ((bits & permissionsToBits([permission])) !== 0n) === allowed ? undefined : `permission ${code}`
  }
  if (question.kind === 'operation') {
    const { standing, rule, by } = log.standing(question.operation as Operation['id']) ?? {}
    if ((standing === 'effective') !== allowed) return `operation ${code}`
    const fall = steps.find(step => step.claim[0] === 'falls' && step.subjects[0] === question.operation)
    return fall?.rule === rule && fall?.subjects[1] === by ? undefined : 'another cause'
  }
  const verdict = log.judge({ ...question, id: question.message } as never)
  if (verdict.kind !== code) return `message ${code}, not ${verdict.kind}`
  if (verdict.kind !== 'hidden') return undefined
  return last?.rule === verdict.rule && last.subjects[0] === verdict.by ? undefined : 'another reason'
}
