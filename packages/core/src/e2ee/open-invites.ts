/** Open invites whose holders may read (IV3), kept until one is made or closed or somebody is put out. */
import type { InviteId } from '../base/index.ts'
import { type Change, keep, type Keeper } from './present.ts'
import type { RingState } from './ring-state.ts'
import { inviteReads, wholeView } from './safety.ts'

/** One of them. */
export interface OpenInvite {
  readonly id: InviteId
  readonly boxPublicKey: Uint8Array
  /** ms; null where it does not end. */
  readonly notAfter: number | null
}

class OpenInvites implements Keeper {
  readonly #ring: RingState
  #list: readonly OpenInvite[] | undefined

  constructor(ring: RingState) {
    this.#ring = ring
  }

  follow({ moved: { invites, losses, roles } }: Change): void {
    if (invites || roles || losses.length > 0) this.#list = undefined
  }

  all(): readonly OpenInvite[] {
    if (this.#list !== undefined) return this.#list
    const view = wholeView(this.#ring)
    return (this.#list = view.state
      .invites()
      .flatMap(({ id, boxPublicKey, notAfter }) =>
        boxPublicKey !== null && inviteReads(view, id) ? [{ id, boxPublicKey, notAfter }] : []
      ))
  }
}

const createOpenInvites = (ring: RingState): OpenInvites => new OpenInvites(ring)

/** All of them now, whether their time is over or not. */
export const openInvites = (ring: RingState): readonly OpenInvite[] => keep(ring, createOpenInvites).all()
