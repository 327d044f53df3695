/** A request to join, as it stands at this moment. */
import type { InviteId, UserId } from '@xcord/core'
import type { JoinRequestReport } from '@xcord/core/node'
import type { JoinRequest, JoinRequestJson, RequestCollection, RequestStanding } from '../request-types.ts'
import type { ReasonOptions } from '../types.ts'
import { dateOf } from './date-of.ts'
import { findNamed } from './find.ts'
import type { LiveServer } from './server.ts'

class LiveRequest implements JoinRequest {
  readonly server: LiveServer
  readonly #report: JoinRequestReport

  constructor(server: LiveServer, report: JoinRequestReport) {
    this.server = server
    this.#report = report
  }

  get user(): UserId {
    return this.#report.user
  }

  /** As `findNamed` has it. */
  get id(): UserId {
    return this.#report.user
  }

  get invite(): InviteId {
    return this.#report.invite
  }

  get name(): string {
    return this.#report.name
  }

  get message(): string {
    return this.#report.words
  }

  get at(): Date {
    return dateOf(this.#report.at)
  }

  get standing(): RequestStanding {
    return this.#report.standing
  }

  get answeredBy(): UserId | null {
    return this.#report.by
  }

  async accept(options: ReasonOptions = {}): Promise<JoinRequest> {
    return await this.#answer(true, options.reason ?? null)
  }

  async refuse(): Promise<JoinRequest> {
    return await this.#answer(false, null)
  }

  async #answer(yes: boolean, reason: string | null): Promise<JoinRequest> {
    return new LiveRequest(this.server, await this.server.replica.answerRequest(this.user, yes, reason))
  }

  toJSON(): JoinRequestJson {
    const { user, invite, name, message, standing, answeredBy } = this
    const { answeredAt } = this.#report
    return {
      user,
      server: this.server.id,
      invite,
      name,
      message,
      at: this.at.toISOString(),
      standing,
      answeredBy,
      answeredAt: answeredAt === null ? null : dateOf(answeredAt).toISOString()
    }
  }
}

/** Requests of a server. */
export function requestCollection(server: LiveServer): RequestCollection {
  const all = (): readonly LiveRequest[] =>
    server.replica.requests().map(each => new LiveRequest(server, each))
  return {
    get all() {
      return all()
    },
    get: idOrName => findNamed(all(), idOrName, '@')
  }
}

/** One user's request, where there is one and we may answer. */
export function requestOf(server: LiveServer, user: string): JoinRequest | undefined {
  if (!server.replica.permits('CreateInstantInvite', null)) return undefined
  const found = server.replica.requests().find(each => each.user === user)
  return found === undefined ? undefined : new LiveRequest(server, found)
}
