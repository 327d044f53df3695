/** An explanation in words, for people: one line a step, names where they are known (AU49). */
import type { Explanation, Step } from './explanation.ts'

/** A name for an id; undefined where nobody knows one. */
export type NameOf = (id: string) => string | undefined

/** An explanation told. */
export interface Narration {
  /** The answer in one sentence. */
  readonly answer: string
  /** `1. [AU29] …`, one line for each step, in the explanation's order. */
  readonly steps: readonly string[]
  /** What the proof shows, and what it does not. */
  readonly proof: string
}

/** Kinds whose name does not read as what was done. */
const DEEDS: Readonly<Record<string, string>> = {
  genesis: 'founding of the server',
  inviteCreate: 'invite',
  deviceAdd: 'new device',
  deviceRevoke: 'revocation of a device',
  roleUnassign: 'taking of a role',
  roleAssign: 'giving of a role',
  identityEntry: 'identity entry',
  cutExtend: 're-admission'
}

/** `roleCreate` as `role create`. */
function deed(kind: string): string {
  return DEEDS[kind] ?? kind.replace(/[A-Z]/g, letter => ` ${letter.toLowerCase()}`)
}

class Narrator {
  readonly #explanation: Explanation
  readonly #nameOf: NameOf
  readonly #kinds = new Map<string, string>()
  readonly #authors = new Map<string, string>()

  constructor(explanation: Explanation, nameOf: NameOf) {
    this.#explanation = explanation
    this.#nameOf = nameOf
    for (const { claim, subjects } of explanation.steps) {
      const [id] = subjects
      if (id === undefined) continue
      if (claim[0] === 'signed') this.#kinds.set(id, claim[1] ?? '')
      if (claim[0] === 'accepted') this.#authors.set(id, claim[1] ?? '')
    }
  }

  name(id: string | undefined): string {
    if (id === undefined) return 'nobody'
    if (id === `r${this.#explanation.server.slice(1)}`) return '@everyone'
    return this.#nameOf(id) ?? (/^[a-z][0-9a-v]{52}$/.test(id) ? id.slice(0, 9) : id)
  }

  /** An operation by what it did and who signed it. */
  operation(id: string | undefined): string {
    if (id === undefined) return 'an operation'
    const author = this.#authors.get(id)
    const by = author === undefined ? '' : ` by ${this.name(author)}`
    return `${deed(this.#kinds.get(id) ?? 'operation')} ${id.slice(0, 9)}${by}`
  }

  #operations(ids: readonly string[]): string {
    return ids.map(each => this.operation(each)).join('; ')
  }

  /** ` (written by …)`, where something was written. */
  #writers(ids: readonly string[]): string {
    return ids.length === 0 ? '' : ` — ${this.#operations(ids)}`
  }

  say({ claim, subjects, rule }: Step): string {
    const [verb, ...args] = claim
    const [first, second] = subjects
    switch (verb) {
      case 'frontier':
        return `Spoken of: all that ${subjects.length} operation${subjects.length === 1 ? '' : 's'} and their pasts hold`
      case 'signed':
        return `The ${this.operation(first)} is signed by their device`
      case 'accepted':
        return `Its past permits the ${this.operation(first)}, with strength ${strength(args[1])}${
          subjects.length > 1 ? `; it rests on: ${this.#operations(subjects.slice(1))}` : ''
        }`
      case 'stands':
        return `The ${this.operation(first)} stands`
      case 'falls':
        return `The ${this.operation(first)} is void: ${FALLS[rule] ?? 'struck'} ${this.operation(second)}`
      case 'refused':
        return `Refused: ${args[0] ?? ''}`
      default:
        return this.#sayOfPeople(verb, args, subjects)
    }
  }

  #sayOfPeople(verb: string | undefined, args: readonly string[], subjects: readonly string[]): string {
    const [a, b] = args
    switch (verb) {
      case 'member':
        return `${this.name(a)} is ${STATUSES[b ?? ''] ?? 'not known'}${this.#writers(subjects)}`
      case 'channel':
        return `#${this.name(a)} ${b === 'exists' ? 'exists' : 'does not exist'}${this.#writers(subjects)}`
      case 'owner':
        return `${this.name(a)} ${b === 'yes' ? 'owns' : 'does not own'} the server${this.#writers(subjects)}`
      case 'reads':
        return `The overwrites are those of #${this.name(a)}${this.#writers(subjects)}`
      case 'layer':
        return this.#layer(args, subjects)
      case 'mask':
        return `${MASKS[a ?? ''] ?? a}: ${b === 'passes' ? 'no obstacle' : 'stops it'}${this.#writers(subjects)}`
      case 'message':
        return `The message in #${this.name(b)} cites ${subjects.length} operation${subjects.length === 1 ? '' : 's'}`
      case 'author':
        return `Its device belongs to ${this.name(b)} and is ${args[2] ?? 'off'}${this.#writers(subjects)}`
      case 'permitted':
        return `What ${this.name(a)} had seen permitted it${this.#writers(subjects)}`
      case 'answer':
        return this.#answer(args, subjects)
      default:
        return args.join(' ')
    }
  }

  #layer([layer, permission, effect, result, role]: readonly string[], subjects: readonly string[]): string {
    const where = LAYERS[layer ?? ''] ?? layer
    const who = role === undefined ? '' : ` (${this.name(role)})`
    const what = effect === 'open' ? 'say nothing' : `${effect === 'allow' ? 'allow' : 'deny'} it`
    return `${permission}: ${where}${who} ${what} → ${result}${this.#writers(subjects)}`
  }

  #answer([what, ...rest]: readonly string[], subjects: readonly string[]): string {
    switch (what) {
      case 'stands':
        return 'So it stands'
      case 'falls':
        return 'So it is void'
      case 'visible':
        return `So it is visible${subjects.length > 0 ? '; what was denied beside it does not stand' : ''}`
      case 'hidden':
        return `So it is hidden, because of the ${this.operation(subjects[0])}`
      case 'rejected':
        return 'So it is refused for ever: what its author had seen did not permit it'
      default:
        return `So: ${what} — ${rest[0] ?? ''}`
    }
  }

  answer(): string {
    const { question, allowed, code } = this.#explanation
    if (question.kind === 'permission') {
      const where = question.channel === null ? 'in the server' : `in #${this.name(question.channel)}`
      const may = allowed ? 'may' : 'may not'
      return `${this.name(question.user)} ${may} ${question.permission} ${where}: ${CODES[code] ?? code}`
    }
    if (question.kind === 'operation')
      return `The ${this.operation(question.operation)} ${CODES[code] ?? code}`
    return `The message ${question.message.slice(0, 9)} ${CODES[code] ?? code}`
  }
}

function strength(text: string | undefined): string {
  if (text === 'self') return 'of a member'
  if (text?.startsWith('owner:') === true) return 'of the owner'
  const position = text?.slice('position:'.length) ?? ''
  return position === '' ? 'of @everyone' : `of a role at ${position}`
}

const STATUSES: Readonly<Record<string, string>> = { in: 'a member', out: 'not a member', banned: 'banned' }
const LAYERS: Readonly<Record<string, string>> = {
  base: 'roles',
  everyone: "the channel's overwrites for @everyone",
  roles: "the channel's overwrites for roles held",
  member: "the channel's overwrites for the member"
}
const MASKS: Readonly<Record<string, string>> = {
  private: 'Private thread',
  locked: 'Locked thread',
  timeout: 'Timeout',
  view: 'Needs ViewChannel',
  send: 'Needs SendMessages',
  connect: 'Needs Connect'
}
const FALLS: Readonly<Record<string, string>> = {
  AU18: 'it rests on what fell, the',
  AU19: 'struck by the stronger denial, the',
  AU20: 'signed during the timeout, the',
  AU21: 'struck by the change of owner, the',
  AU22: 'its device was revoked by the',
  AU26: 'the invite was used up by the'
}
const CODES: Readonly<Record<string, string>> = {
  owner: 'owners hold everything',
  administrator: 'administrators hold everything',
  granted: 'it is granted, and nothing takes it away',
  'not-member': 'not a member',
  'no-channel': 'there is no such channel',
  'not-granted': 'nothing grants it',
  masked: 'it is granted, but does not count here',
  effective: 'stands',
  void: 'was accepted, but is void',
  visible: 'is visible',
  hidden: 'is hidden',
  rejected: 'was refused',
  waiting: 'cites operations that are not here',
  refused: 'was refused',
  unaudited: 'lies behind a snapshot that is not audited yet: no proof',
  unknown: 'is not known here'
}

/** Tells an explanation in words. */
export function narrate(explanation: Explanation, nameOf: NameOf = () => undefined): Narration {
  const narrator = new Narrator(explanation, nameOf)
  const steps = explanation.steps.map((step, index) => {
    const because = step.because.length === 0 ? '' : ` (${step.because.map(each => each + 1).join(', ')})`
    return `${index + 1}. [${step.rule}] ${narrator.say(step)}${because}`
  })
  const { kind, judged, links } = explanation.completeness
  const proof =
    explanation.proof.length === 0
      ? 'No proof: no operation here shows it.'
      : `Proof: ${judged} operations judged, ${links} that only show their order. ${
          kind === 'closure'
            ? 'Every operation of the past spoken of is among them.'
            : 'One more operation of the past spoken of could still refute it, if it struck one of these.'
        }`
  return { answer: `${narrator.answer()}.`, steps, proof }
}
