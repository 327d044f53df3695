/**
 * The account while the node runs. Its log grows by our own entries and by those of our other devices (ID4): each
 * change is kept before it counts (KS6), and everything that reads the account sees it from then on.
 */
import type { Suite } from '../../crypto/index.ts'
import { type Account, copyIdentityLog, type IdentityLog, refreshAccount } from '../../identity/index.ts'

export interface AccountKeeperInit {
  readonly suite: Suite
  readonly account: Account
  /** Writes the account where it outlives the process. */
  readonly save: (account: Account) => Promise<void>
  /** After a change is kept. */
  readonly changed: () => void
}

export interface AccountKeeper {
  /** Reads as the account of this moment. */
  readonly account: Account
  /**
   * Changes the log, one change after the other, all or nothing. Resolves with whether it grew. What `act` throws, or
   * a failed write, leaves all as it was.
   */
  change(act: (log: IdentityLog) => void): Promise<boolean>
}

/** Takes an account into keeping. */
export function keepAccount({ suite, account, save, changed }: AccountKeeperInit): AccountKeeper {
  let current: Account = account
  let turn: Promise<unknown> = Promise.resolve()

  async function perform(act: (log: IdentityLog) => void): Promise<boolean> {
    const log = copyIdentityLog(suite, current.log)
    act(log)
    if (log.entries().length === current.log.entries().length) return false
    // ID5: where our own enrolment fell there is no certificate to make; what we held stays readable with the old one.
    if (log.pathTo(current.device.device) === undefined) return false
    const next = refreshAccount(suite, { ...current, log })
    await save(next)
    current = next
    changed()
    return true
  }

  return {
    account: {
      get user() {
        return current.user
      },
      get log() {
        return current.log
      },
      get device() {
        return current.device
      },
      get userKeys() {
        return current.userKeys
      },
      get credential() {
        return current.credential
      },
      get created() {
        return current.created
      }
    },
    change: async act => {
      const running = turn.then(async () => await perform(act))
      turn = running.catch(() => undefined)
      return await running
    }
  }
}
