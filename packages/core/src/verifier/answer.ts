/** Answers to the three questions, step by step, from the operations of a proof (AU28–AU37, AU49). */
import { idAs } from '../base/index.ts'
import { compareFate, type Fact } from './cells.ts'
import type { AnswerCode, MessageQuestion, OperationQuestion, PermissionQuestion } from './explanation.ts'
import { bitOf, nameOf } from './flags.ts'
import {
  BIT,
  channelOf,
  everyoneOf,
  existence,
  isChannel,
  kindOf,
  type Need,
  NEEDS_SENDING,
  parentOf,
  prove,
  sourceOf,
  type Standing,
  standingOf
} from './rights.ts'
import { deviceOf, holds } from './plan.ts'
import type { Derivation } from './steps.ts'
import type { Reader } from './world.ts'

export interface Answer {
  readonly allowed: boolean
  readonly code: AnswerCode
}

const uniqueIds = (facts: Iterable<Fact>): string[] => [...new Set([...facts].map(each => each.op.id))].sort()
const yes = (value: boolean): string => (value ? 'yes' : 'no')
const passes = (value: boolean): string => (value ? 'passes' : 'stops')

/** Adds steps about cells of one state. */
class Telling {
  readonly reader: Reader
  readonly out: Derivation
  readonly indices: number[] = []

  constructor(reader: Reader, out: Derivation) {
    this.reader = reader
    this.out = out
  }

  /** One step, whose subjects are the writers of these cells. */
  say(rule: string, claim: readonly string[], cells: readonly string[]): void {
    const writers = cells.flatMap(cell => this.reader.winner(cell)?.by ?? [])
    const facts = [...new Set(writers)]
    this.indices.push(this.out.add(rule, claim, uniqueIds(facts), this.out.fates(facts)))
  }
}

/** AU28–AU32. */
export function answerPermission(reader: Reader, out: Derivation, question: PermissionQuestion): Answer {
  const tell = new Telling(reader, out)
  const answer = permissionOf(tell, question)
  out.add('AU28', ['answer', question.permission, yes(answer.allowed), String(question.at)], [], tell.indices)
  return answer
}

function permissionOf(tell: Telling, { user, permission, channel, at }: PermissionQuestion): Answer {
  const { reader } = tell
  const bit = bitOf(permission) ?? -1
  const status = reader.isIn(user)
    ? 'in'
    : (['in', 'out', 'banned'][reader.number(`member|${user}`, 3)] ?? 'unknown')
  tell.say('AU25', ['member', user, status], [`member|${user}`])
  if (status !== 'in') return { allowed: false, code: 'not-member' }
  if (channel !== null) {
    const exists = isChannel(reader, channel)
    tell.say('AU27', ['channel', channel, exists ? 'exists' : 'gone'], existence(reader, channel))
    if (!exists) return { allowed: false, code: 'no-channel' }
  }
  const standing = standingOf(reader, user, at)
  tell.say('AU29', ['owner', user, yes(standing.generation !== undefined)], ['owner'])
  if (standing.generation !== undefined) return { allowed: true, code: 'owner' }
  if (base(tell, standing, BIT.Administrator)) return { allowed: true, code: 'administrator' }
  const place = channel === null ? undefined : placeOf(tell, channel)
  const bits = bitsAsked(bit, place)
  const held = new Map(bits.map(each => [each, layers(tell, standing, each, place?.source)]))
  const granted = held.get(bits[0] as number) === true
  const masked = !masks(tell, user, bit, at, place, each => held.get(each) === true)
  return { allowed: granted && !masked, code: !granted ? 'not-granted' : masked ? 'masked' : 'granted' }
}

interface Place {
  readonly channel: string
  readonly source: string
  readonly thread: boolean
  readonly voice: boolean
  readonly secret: boolean
  readonly locked: boolean
}

function placeOf(tell: Telling, channel: string): Place {
  const { reader } = tell
  const thread = kindOf(reader, channel) === 'thread'
  const home = thread ? (parentOf(reader, channel) ?? channel) : channel
  const source = sourceOf(reader, channel).channel
  const cells = [
    ...(thread ? [`ch|${channel}|parent`] : []),
    ...(source === home ? [] : [`ch|${home}|synced`, `ch|${home}|parent`])
  ]
  if (source !== channel) tell.say(source === home ? 'AU32' : 'AU31', ['reads', source], cells)
  const kind = kindOf(reader, home)
  return {
    channel,
    source,
    thread,
    voice: kind === 'voice' || kind === 'stage',
    secret: thread && reader.number(`ch|${channel}|private`, 0) === 1,
    locked: thread && reader.number(`ch|${channel}|locked`, 0) === 1
  }
}

/** The bit asked for, then those it means nothing without. */
function bitsAsked(bit: number, place: Place | undefined): number[] {
  if (place === undefined) return [bit]
  const sending = place.thread ? BIT.SendMessagesInThreads : BIT.SendMessages
  const bits = [bit === BIT.SendMessages ? sending : bit, BIT.ViewChannel]
  if (place.secret || place.locked) bits.push(BIT.ManageThreads)
  if (NEEDS_SENDING.includes(bit)) bits.push(sending)
  if (place.voice && bit !== BIT.ViewChannel) bits.push(BIT.Connect)
  return [...new Set(bits)]
}

/** The first of AU29's layers: bits of roles. */
function base(tell: Telling, standing: Standing, bit: number): boolean {
  const { reader } = tell
  const roles = [...standing.held.values()].sort((a, b) => (a.role < b.role ? -1 : 1))
  const cell = (role: string): string => `role|${role}|bit|${bit}`
  const giving = roles.find(each => reader.value(cell(each.role)) === 1)
  const claim = ['layer', 'base', nameOf(bit)]
  if (giving === undefined) {
    tell.say(
      'AU29',
      [...claim, 'open', 'no'],
      roles.map(each => cell(each.role))
    )
    return false
  }
  tell.say('AU29', [...claim, 'allow', 'yes', giving.role], [...giving.cells, cell(giving.role)])
  return true
}

const EFFECTS = ['allow', 'open', 'deny'] as const

/** All of AU29's layers for one bit, in order. */
function layers(tell: Telling, standing: Standing, bit: number, source: string | undefined): boolean {
  const { reader } = tell
  let held = base(tell, standing, bit)
  if (source === undefined) return held
  const everyone = everyoneOf(reader)
  const cellOf = (target: string): string => `ow|${source}|${target}|${bit}`
  const effectOf = (target: string): (typeof EFFECTS)[number] =>
    EFFECTS[reader.number(cellOf(target), 1)] ?? 'open'
  const layer = (
    name: string,
    effect: string,
    cells: readonly string[],
    role: readonly string[] = []
  ): void => {
    if (effect !== 'open') held = effect === 'allow'
    tell.say('AU29', ['layer', name, nameOf(bit), effect, yes(held), ...role], cells)
  }
  layer('everyone', effectOf(everyone), [cellOf(everyone)])
  const roles = [...standing.held.values()]
    .filter(each => each.role !== everyone)
    .sort((a, b) => (a.role < b.role ? -1 : 1))
  const deciding =
    roles.find(each => effectOf(each.role) === 'allow') ?? roles.find(each => effectOf(each.role) === 'deny')
  if (deciding === undefined)
    layer(
      'roles',
      'open',
      roles.map(each => cellOf(each.role))
    )
  else layer('roles', effectOf(deciding.role), [...deciding.cells, cellOf(deciding.role)], [deciding.role])
  layer('member', effectOf(standing.user), [cellOf(standing.user)])
  return held
}

/** AU30's masks and AU32's, in order. Whether all let the bit pass. */
function masks(
  tell: Telling,
  user: string,
  bit: number,
  at: number,
  place: Place | undefined,
  has: (bit: number) => boolean
): boolean {
  const { reader } = tell
  let open = true
  const mask = (rule: string, name: string, pass: boolean, cells: readonly string[]): void => {
    tell.say(rule, ['mask', name, passes(pass)], cells)
    if (!pass) open = false
  }
  const sends = bit === BIT.SendMessages || bit === BIT.SendMessagesInThreads || NEEDS_SENDING.includes(bit)
  if (place?.secret === true) {
    const own = `tm|${place.channel}|${user}`
    mask('AU32', 'private', reader.number(own, 0) === 1 || has(BIT.ManageThreads), [
      `ch|${place.channel}|private`,
      own
    ])
  }
  if (place?.locked === true && sends)
    mask('AU32', 'locked', has(BIT.ManageThreads), [`ch|${place.channel}|locked`])
  const timedOut = reader.number(`timeout|${user}`, 0) > at
  mask('AU30', 'timeout', !timedOut || bit === BIT.ViewChannel || bit === BIT.ReadMessageHistory, [
    `timeout|${user}`
  ])
  if (place === undefined || bit === BIT.ViewChannel) return open
  mask('AU30', 'view', has(BIT.ViewChannel), [])
  if (NEEDS_SENDING.includes(bit))
    mask('AU30', 'send', has(place.thread ? BIT.SendMessagesInThreads : BIT.SendMessages), [])
  if (place.voice) mask('AU30', 'connect', has(BIT.Connect) && !timedOut, [])
  return open
}

/** AU23: whether an operation stands. */
export function answerOperation(
  reader: Reader,
  out: Derivation,
  question: OperationQuestion
): Answer | undefined {
  const fact = reader.lookup(question.operation)
  if (fact === undefined) return undefined
  const stands = reader.stands(fact)
  out.add('AU23', ['answer', stands ? 'stands' : 'falls'], [fact.op.id], out.fates([fact]))
  return { allowed: stands, code: stands ? 'effective' : 'void' }
}

/** What a message rests on in its past (AU35). */
interface Act {
  readonly user: string
  readonly cells: ReadonlySet<string>
  readonly supp: readonly Fact[]
  readonly joins: readonly Fact[]
}

/** AU34–AU37: `past` is the state of the message's past, `reader` that of the frontier. */
export function answerMessage(
  reader: Reader,
  past: Reader,
  out: Derivation,
  question: MessageQuestion
): Answer {
  const { message, channel, seq, at, auth } = question
  const cites = out.add('AU34', ['message', message, channel, String(seq), String(at)], auth, [])
  const device = past.winner(`dev|${question.device}`)
  const about = device === undefined ? [] : [device.by]
  const of = deviceOf(past, question.device)
  const author = out.add(
    'AU35',
    ['author', question.device, of?.user ?? 'nobody', of?.on === true ? 'on' : 'off'],
    uniqueIds(about),
    [cites, ...out.accepted(about)]
  )
  const act = actOf(past, question)
  if (act === undefined) {
    out.add('AU35', ['answer', 'rejected', ...question.needs], [], [author])
    return { allowed: false, code: 'rejected' }
  }
  const rests = [...new Set([...act.supp, ...act.joins])]
  const permitted = out.add('AU35', ['permitted', act.user, ...question.needs], uniqueIds(rests), [
    author,
    ...out.accepted(rests)
  ])
  const hidden = hiddenBy(reader, past, act, question)
  if (hidden !== undefined) {
    out.add(hidden.rule, ['answer', 'hidden'], [hidden.by.op.id], [permitted, ...out.fates([hidden.because])])
    return { allowed: false, code: 'hidden' }
  }
  const denials = denialsOn(reader, past, act, question)
  out.add('AU36', ['answer', 'visible'], uniqueIds(denials), [
    permitted,
    ...out.fates([...rests, ...denials])
  ])
  return { allowed: true, code: 'visible' }
}

function actOf(past: Reader, question: MessageQuestion): Act | undefined {
  const { device, channel: id, at, needs: names } = question
  const of = deviceOf(past, device)
  if (of === undefined || !of.on || !past.isIn(of.user)) return undefined
  const channel = id.slice(1) === past.world.server.slice(1) ? null : id
  if (channel !== null && !isChannel(past, channel)) return undefined
  const standing = standingOf(past, of.user, at)
  const needs: Need[] = names.map(name => ({ bit: bitOf(name) ?? -1, channel }))
  if (channel !== null) needs.unshift({ bit: BIT.ViewChannel, channel })
  const rests = channel === null ? [] : threadCells(past, standing, channel, needs)
  if (rests === undefined) return undefined
  const acts = [`dev|${device}`, ...(channel === null ? [] : existence(past, channel)), ...rests]
  const proof = prove(past, standing, needs, acts, true)
  if (proof === undefined) return undefined
  const fact = (each: string): Fact[] => [past.lookup(each) ?? []].flat()
  const supp = [
    ...[...proof.supp.keys()].flatMap(fact),
    ...rests.flatMap(cell => past.winner(cell)?.by ?? [])
  ]
  return {
    user: of.user,
    cells: proof.cells,
    supp: [...new Set(supp)],
    joins: past.liveJoins(of.user).flatMap(fact)
  }
}

/** AU32 and AU35: what writing in a thread rests on beside; adds to the needs. */
function threadCells(past: Reader, standing: Standing, channel: string, needs: Need[]): string[] | undefined {
  if (kindOf(past, channel) !== 'thread') return []
  const manage = { bit: BIT.ManageThreads, channel }
  const manages = holds(past, standing, manage.bit, channel)
  const cells: string[] = []
  if (past.number(`ch|${channel}|locked`, 0) !== 1) cells.push(`ch|${channel}|locked`)
  else if (manages) needs.push(manage)
  else return undefined
  if (past.number(`ch|${channel}|private`, 0) !== 1) return cells
  const own = `tm|${channel}|${standing.user}`
  if (past.number(own, 0) === 1) return [...cells, own]
  if (!manages) return undefined
  needs.push(manage)
  return cells
}

/** Denials of what a message rests on that did not stand in its past and reach it (AU36, AU37), effective or not. */
function denialsOn(reader: Reader, past: Reader, act: Act, question: MessageQuestion): Fact[] {
  const out = new Set<Fact>()
  for (const cell of act.cells)
    for (const fact of reader.world.writers.get(cell) ?? []) {
      if (!reader.holds(fact) || past.stands(fact)) continue
      if (
        fact.known.writes.some(each => each.cell === cell && each.denial) &&
        reaches(reader, fact, question)
      )
        out.add(fact)
    }
  for (const fact of out) reader.read.add(fact)
  return [...out]
}

/** AU37. */
function reaches(reader: Reader, { op, known }: Fact, message: MessageQuestion): boolean {
  if (known.until !== undefined && message.at >= known.until) return false
  if (op.cut === null) return message.at > op.ts
  const row = op.cut.find(each => each.device === message.device)
  const extended = reader.value(`cut|${op.id}|${message.device}`) as readonly [number, Uint8Array] | undefined
  const [seq, last] = extended ?? [row?.cseq ?? -1, row?.last ?? undefined]
  if (message.seq !== seq) return message.seq > seq
  return last === undefined || message.message !== messageId(last)
}

function hiddenBy(
  reader: Reader,
  past: Reader,
  act: Act,
  question: MessageQuestion
): { rule: string; by: Fact; because: Fact } | undefined {
  const [fallen] = act.supp.filter(each => !reader.stands(each)).sort(compareFate)
  if (fallen !== undefined)
    return { rule: 'AU36', by: reader.at.falls.get(fallen.op.id)?.by ?? fallen, because: fallen }
  const [join] = act.joins
  if (join !== undefined && act.joins.every(each => !reader.stands(each)))
    return { rule: 'AU36', by: join, because: join }
  const denials = denialsOn(reader, past, act, question).filter(each => reader.stands(each))
  const [first] = denials.sort(compareFate)
  if (first === undefined) return undefined
  const rule = first.known.revokes !== undefined ? 'AU22' : first.known.target === undefined ? 'AU37' : 'AU36'
  return { rule, by: first, because: first }
}

function messageId(bytes: Uint8Array): string {
  return idAs('m', (channelOf(bytes) ?? '') as never)
}
