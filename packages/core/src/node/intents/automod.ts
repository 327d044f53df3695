/**
 * Automod (AU12, 68): rules of content that every member's client knows. An honest client does not send what breaks
 * one; a neighbour does not forward it; and a message that breaks a rule its own author had seen is not shown (ND13).
 *
 * Letters are compared by ASCII case only: no rule of ours consults Unicode tables (AU3), which differ between
 * versions of platforms, so that all peers say the same of one message.
 */
import {
  type ChannelId,
  idFromBytes,
  idToBytes,
  NAME_BYTES_MAX,
  type OperationId,
  type RoleId,
  type UserId
} from '../../base/index.ts'
import { type AuthorityState, permissionsToBits } from '../../authority/index.ts'
import type { Mentions } from '../../timeline/index.ts'
import {
  array,
  bool,
  bytes,
  type Codec,
  codec,
  type Infer,
  literal,
  mapped,
  type Schema,
  text,
  tuple,
  uint
} from '../../encoding/index.ts'

/** Words in one rule, hosts in one rule. */
export const AUTOMOD_WORDS_MAX = 200
const WORD_BYTES_MAX = 60
const EXEMPT_MAX = 16
/** AU12's body bound. */
const PAYLOAD_BYTES_MAX = 8_192

/** What a rule looks for. */
export type AutomodTrigger =
  /** Whole words, ASCII case ignored; `*` at an end matches within a word. */
  | { readonly kind: 'words'; readonly words: readonly string[] }
  /** More mentions than this in one message. */
  | { readonly kind: 'mentions'; readonly max: number }
  /** Links, except to these hosts and what lies below them. */
  | { readonly kind: 'links'; readonly allow: readonly string[] }

/** What a rule says. */
export interface AutomodContent {
  readonly name: string
  readonly enabled: boolean
  readonly trigger: AutomodTrigger
  readonly exemptRoles: readonly RoleId[]
  readonly exemptChannels: readonly ChannelId[]
}

/** A rule that stands. */
export interface AutomodRule extends AutomodContent {
  readonly id: OperationId
}

const KINDS = ['words', 'mentions', 'links'] as const
const idOf = <L extends 'r' | 'c'>(letter: L): Schema<ReturnType<typeof idFromBytes<L>>> =>
  mapped(bytes(32), 'an id', raw => idFromBytes(letter, raw), idToBytes)
const wire = tuple({
  version: literal(1),
  name: text(NAME_BYTES_MAX, 1),
  enabled: bool,
  kind: uint(KINDS.length - 1),
  max: uint(1_000),
  words: array(text(WORD_BYTES_MAX, 1), AUTOMOD_WORDS_MAX),
  exemptRoles: array(idOf('r'), EXEMPT_MAX),
  exemptChannels: array(idOf('c'), EXEMPT_MAX)
})
const wireCodec: Codec<Infer<typeof wire>> = codec(wire, { rule: 'ND13', maxBytes: PAYLOAD_BYTES_MAX })

/**
 * Bytes of a rule.
 *
 * @throws RangeError where a list is too long or a word empty or too long: our caller's mistake.
 */
export function encodeAutomod(rule: AutomodContent): Uint8Array {
  const { name, enabled, trigger, exemptRoles, exemptChannels } = rule
  const words = trigger.kind === 'words' ? trigger.words : trigger.kind === 'links' ? trigger.allow : []
  if (trigger.kind === 'words' && words.length === 0) throw new RangeError('a rule of words needs a word')
  if (words.length > AUTOMOD_WORDS_MAX) throw new RangeError(`at most ${AUTOMOD_WORDS_MAX} words in one rule`)
  if (words.some(each => each.replaceAll('*', '').trim() === ''))
    throw new RangeError('a word needs a letter')
  return wireCodec.encode({
    version: 1,
    name,
    enabled,
    kind: KINDS.indexOf(trigger.kind),
    max: trigger.kind === 'mentions' ? trigger.max : 0,
    words,
    exemptRoles,
    exemptChannels
  })
}

/** Reads a rule; undefined for one of a newer client, which binds only those who understand it. */
export function decodeAutomod(payload: Uint8Array): AutomodContent | undefined {
  const read = wireCodec.decode(payload)
  if (!read.ok) return undefined
  const { name, enabled, kind, max, words, exemptRoles, exemptChannels } = read.value
  const trigger: AutomodTrigger =
    kind === 0
      ? { kind: 'words', words }
      : kind === 1
        ? { kind: 'mentions', max }
        : { kind: 'links', allow: words }
  return { name, enabled, trigger, exemptRoles, exemptChannels }
}

const rulesByState = new WeakMap<AuthorityState, readonly AutomodRule[]>()

/** Rules of a state; read once, as a state never changes. */
export function automodRules(state: AuthorityState): readonly AutomodRule[] {
  let rules = rulesByState.get(state)
  if (rules === undefined) {
    rules = state.automod().flatMap(({ id, payload }) => {
      const content = decodeAutomod(payload)
      return content === undefined ? [] : [{ id, ...content }]
    })
    rulesByState.set(state, rules)
  }
  return rules
}

/** What is judged. */
export interface JudgedText {
  readonly user: UserId
  readonly channel: ChannelId
  readonly content: string
  readonly mentions: Mentions
  readonly at: number
}

const EXEMPT = permissionsToBits(['Administrator', 'ManageServer', 'ManageMessages'])

/** The first rule of a state that a text breaks. Those who moderate are exempt. */
export function brokenRule(state: AuthorityState, said: JudgedText): AutomodRule | undefined {
  const rules = automodRules(state).filter(each => each.enabled)
  if (rules.length === 0) return undefined
  const exempt =
    (state.permissions(said.user, said.channel, said.at) & EXEMPT) !== 0n ||
    (state.permissions(said.user, null, said.at) & EXEMPT) !== 0n
  if (exempt) return undefined
  const held = state.member(said.user)?.roles ?? []
  const place = state.channel(said.channel)
  // A channel's exemption is its threads' too.
  const places = [said.channel, ...(place?.thread === undefined ? [] : [place.parent])]
  return rules.find(
    rule =>
      !rule.exemptChannels.some(each => places.includes(each)) &&
      !rule.exemptRoles.some(role => held.includes(role)) &&
      breaks(rule.trigger, said)
  )
}

function breaks(trigger: AutomodTrigger, { content, mentions }: JudgedText): boolean {
  switch (trigger.kind) {
    case 'words': {
      const folded = foldAscii(content)
      return trigger.words.some(word => hasWord(folded, foldAscii(word)))
    }
    case 'mentions':
      return mentions.users.length + mentions.roles.length + (mentions.everyone ? 1 : 0) > trigger.max
    case 'links':
      return hostsOf(content).some(
        host => !trigger.allow.some(each => host === foldAscii(each) || host.endsWith(`.${foldAscii(each)}`))
      )
  }
}

/** A to Z as a to z, nothing else. */
export function foldAscii(input: string): string {
  return input.replace(/[A-Z]+/g, found => found.toLowerCase())
}

/** ASCII letters, digits and the underscore, and everything beyond ASCII, make up words. */
function isWordUnit(unit: number): boolean {
  return unit >= 0x80 || (unit >= 0x30 && unit <= 0x39) || (unit >= 0x61 && unit <= 0x7a) || unit === 0x5f
}

function hasWord(textFolded: string, word: string): boolean {
  const openStart = word.startsWith('*')
  const openEnd = word.endsWith('*')
  const core = word.slice(openStart ? 1 : 0, openEnd ? -1 : undefined)
  if (core === '') return false
  for (let at = textFolded.indexOf(core); at >= 0; at = textFolded.indexOf(core, at + 1)) {
    const before = at === 0 || !isWordUnit(textFolded.charCodeAt(at - 1))
    const end = at + core.length
    const after = end === textFolded.length || !isWordUnit(textFolded.charCodeAt(end))
    if ((openStart || before) && (openEnd || after)) return true
  }
  return false
}

const LINK = /(?:https?:\/\/|www\.)[^\s<>"'`]{1,2000}/gi

/** Hosts that a text links to, as written, without user, port and path. */
function hostsOf(content: string): readonly string[] {
  return [...content.matchAll(LINK)].map(([link]) => {
    const rest = foldAscii(link).replace(/^https?:\/\//, '')
    const authority = rest.split(/[/?#\\]/, 1)[0] ?? ''
    return authority
      .slice(authority.lastIndexOf('@') + 1)
      .replace(/:\d*$/, '')
      .replace(/\.$/, '')
  })
}
