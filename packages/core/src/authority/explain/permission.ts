/** Why a member may or may not do something somewhere: AU29's layers and AU30's masks, each with who wrote it. */
import { type ChannelId, idAs, type RoleId, type RuleId, type UserId } from '../../base/index.ts'
import type { AnswerCode } from '../../verifier/index.ts'
import { overwriteSource } from '../candidate.ts'
import {
  channelCell,
  MEMBER_IN,
  memberCell,
  OVERWRITE_ALLOW,
  OVERWRITE_DENY,
  overwriteCell,
  OWNER_CELL,
  roleBitCell,
  threadMemberCell,
  timeoutCell
} from '../cell.ts'
import { PERMISSION_BITS, permissionOfBit } from '../flags.ts'
import { channelActs, channelKindOf, isMember } from '../plan.ts'
import { NEEDS_SENDING } from '../proof.ts'
import { channelOf, numberOf, type Standing, standingOf } from '../standing.ts'
import type { Recorder } from './recorder.ts'
import { idsOf, type StepList } from './steps.ts'

/** One question about one bit. */
export interface Asked {
  readonly user: UserId
  readonly permission: string
  readonly bit: number
  readonly channel: ChannelId | null
  readonly at: number
}

/** A step before its operations have places: what it says, and the cells whose writers it is about. */
export interface Told {
  readonly rule: RuleId
  readonly claim: readonly string[]
  readonly cells: readonly string[]
}

export interface PermissionAnswer {
  readonly allowed: boolean
  readonly code: AnswerCode
  readonly told: readonly Told[]
}

const STATUSES = ['in', 'out', 'banned', 'unknown'] as const
const {
  Administrator,
  Connect,
  ManageThreads,
  ReadMessageHistory,
  SendMessages,
  SendMessagesInThreads,
  ViewChannel
} = PERMISSION_BITS

/** Answers by the state of a frontier; reading tells the recorder what the proof needs. */
export function explainPermission(reader: Recorder, asked: Asked): PermissionAnswer {
  const told: Told[] = []
  const { allowed, code } = new Teller(reader, asked, told).answer()
  return { allowed, code, told }
}

/** Writes the steps of an answer to a list. */
export function tellPermission(
  reader: Recorder,
  steps: StepList,
  asked: Asked,
  answer: PermissionAnswer
): void {
  const indices = answer.told.map(({ rule, claim, cells }) => {
    const writers = new Set(cells.flatMap(cell => reader.winner(cell)?.by.op.id ?? []))
    const entries = [...writers].map(id => reader.view.ledger.entry(id))
    return steps.add(rule, claim, idsOf(entries), steps.fates(entries))
  })
  steps.add(
    'AU28',
    ['answer', asked.permission, answer.allowed ? 'yes' : 'no', String(asked.at)],
    [],
    indices
  )
}

interface Place {
  readonly channel: ChannelId
  readonly source: ChannelId
  readonly thread: boolean
  readonly voice: boolean
  readonly secret: boolean
  readonly locked: boolean
}

class Teller {
  readonly #reader: Recorder
  readonly #asked: Asked
  readonly #told: Told[]

  constructor(reader: Recorder, asked: Asked, told: Told[]) {
    this.#reader = reader
    this.#asked = asked
    this.#told = told
  }

  #say(rule: RuleId, claim: readonly string[], cells: readonly string[]): void {
    for (const cell of cells) this.#reader.winner(cell)
    this.#told.push({ rule, claim, cells })
  }

  answer(): { readonly allowed: boolean; readonly code: AnswerCode } {
    const reader = this.#reader
    const { user, channel, at } = this.#asked
    const cell = memberCell(user)
    const status = STATUSES[isMember(reader, user) ? MEMBER_IN : numberOf(reader, cell, 3)] as string
    this.#say('AU25', ['member', user, status], [cell])
    if (status !== 'in') return { allowed: false, code: 'not-member' }
    if (channel !== null) {
      const acts = channelActs(reader, channel)
      const exists = acts.every(each => reader.winner(each)?.value === 1)
      this.#say('AU27', ['channel', channel, exists ? 'exists' : 'gone'], acts)
      if (!exists) return { allowed: false, code: 'no-channel' }
    }
    const standing = standingOf(reader, user, at)
    const owns = standing.owner !== undefined
    this.#say('AU29', ['owner', user, owns ? 'yes' : 'no'], [OWNER_CELL])
    if (owns) return { allowed: true, code: 'owner' }
    if (this.#base(standing, Administrator)) return { allowed: true, code: 'administrator' }
    return this.#byLayers(standing)
  }

  #byLayers(standing: Standing): { readonly allowed: boolean; readonly code: AnswerCode } {
    const { bit, channel } = this.#asked
    const place = channel === null ? undefined : this.#place(channel)
    const bits = bitsAsked(bit, place)
    const held = new Map(bits.map(each => [each, this.#layers(standing, each, place?.source)]))
    const granted = held.get(bits[0] as number) === true
    const masked = !this.#masks(place, each => held.get(each) === true)
    return { allowed: granted && !masked, code: !granted ? 'not-granted' : masked ? 'masked' : 'granted' }
  }

  #place(channel: ChannelId): Place {
    const reader = this.#reader
    const thread = channelKindOf(reader, channel) === 'thread'
    const parent = thread ? channelOf(reader.winner(channelCell(channel, 'parent'))?.value) : null
    const home = parent ?? channel
    const source = overwriteSource(reader, channel).channel
    const cells = [
      ...(thread ? [channelCell(channel, 'parent')] : []),
      ...(source === home ? [] : [channelCell(home, 'synced'), channelCell(home, 'parent')])
    ]
    if (source !== channel) this.#say(source === home ? 'AU32' : 'AU31', ['reads', source], cells)
    const kind = channelKindOf(reader, home)
    return {
      channel,
      source,
      thread,
      voice: kind === 'voice' || kind === 'stage',
      secret: thread && numberOf(reader, channelCell(channel, 'private'), 0) === 1,
      locked: thread && numberOf(reader, channelCell(channel, 'locked'), 0) === 1
    }
  }

  /** The first of AU29's layers: bits of roles. */
  #base(standing: Standing, bit: number): boolean {
    const roles = [...standing.held.values()].sort((a, b) => (a.role < b.role ? -1 : 1))
    const claim = ['layer', 'base', nameOf(bit)]
    const giving = roles.find(each => this.#reader.winner(roleBitCell(each.role, bit))?.value === 1)
    if (giving === undefined)
      this.#say(
        'AU29',
        [...claim, 'open', 'no'],
        roles.map(each => roleBitCell(each.role, bit))
      )
    else
      this.#say(
        'AU29',
        [...claim, 'allow', 'yes', giving.role],
        [...giving.cells, roleBitCell(giving.role, bit)]
      )
    return giving !== undefined
  }

  /** All of AU29's layers for one bit, in order; what they come to. */
  #layers(standing: Standing, bit: number, source: ChannelId | undefined): boolean {
    let held = this.#base(standing, bit)
    if (source === undefined) return held
    const everyone = idAs('r', this.#reader.server)
    const cellOf = (target: RoleId | UserId): string => overwriteCell(source, target, bit)
    const effectOf = (target: RoleId | UserId): string =>
      effectName(this.#reader.winner(cellOf(target))?.value)
    const layer = (
      name: string,
      effect: string,
      cells: readonly string[],
      role: readonly string[] = []
    ): void => {
      if (effect !== 'open') held = effect === 'allow'
      this.#say('AU29', ['layer', name, nameOf(bit), effect, held ? 'yes' : 'no', ...role], cells)
    }
    layer('everyone', effectOf(everyone), [cellOf(everyone)])
    const roles = [...standing.held.values()]
      .filter(each => each.role !== everyone)
      .sort((a, b) => (a.role < b.role ? -1 : 1))
    const find = (effect: string): (typeof roles)[number] | undefined =>
      roles.find(each => effectOf(each.role) === effect)
    const deciding = find('allow') ?? find('deny')
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
  #masks(place: Place | undefined, has: (bit: number) => boolean): boolean {
    const reader = this.#reader
    const { user, bit, at } = this.#asked
    let open = true
    const mask = (rule: RuleId, name: string, pass: boolean, cells: readonly string[]): void => {
      this.#say(rule, ['mask', name, pass ? 'passes' : 'stops'], cells)
      if (!pass) open = false
    }
    const sends = bit === SendMessages || bit === SendMessagesInThreads || NEEDS_SENDING.has(bit)
    if (place?.secret === true) {
      const own = threadMemberCell(place.channel, user)
      const passes = numberOf(reader, own, 0) === 1 || has(ManageThreads)
      mask('AU32', 'private', passes, [channelCell(place.channel, 'private'), own])
    }
    if (place?.locked === true && sends)
      mask('AU32', 'locked', has(ManageThreads), [channelCell(place.channel, 'locked')])
    const timedOut = numberOf(reader, timeoutCell(user), 0) > at
    mask('AU30', 'timeout', !timedOut || bit === ViewChannel || bit === ReadMessageHistory, [
      timeoutCell(user)
    ])
    if (place === undefined || bit === ViewChannel) return open
    mask('AU30', 'view', has(ViewChannel), [])
    if (NEEDS_SENDING.has(bit))
      mask('AU30', 'send', has(place.thread ? SendMessagesInThreads : SendMessages), [])
    if (place.voice) mask('AU30', 'connect', has(Connect) && !timedOut, [])
    return open
  }
}

/** The bit asked for, then those it means nothing without. */
function bitsAsked(bit: number, place: Place | undefined): number[] {
  if (place === undefined) return [bit]
  const sending = place.thread ? SendMessagesInThreads : SendMessages
  const bits = [bit === SendMessages ? sending : bit, ViewChannel]
  if (place.secret || place.locked) bits.push(ManageThreads)
  if (NEEDS_SENDING.has(bit)) bits.push(sending)
  if (place.voice && bit !== ViewChannel) bits.push(Connect)
  return [...new Set(bits)]
}

function nameOf(bit: number): string {
  return permissionOfBit(bit) ?? String(bit)
}

function effectName(value: unknown): string {
  return value === OVERWRITE_ALLOW ? 'allow' : value === OVERWRITE_DENY ? 'deny' : 'open'
}
