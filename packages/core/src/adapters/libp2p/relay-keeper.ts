/** Watches the relay reservations of one peer (NT19): the hands of `stepRelayKeeper`. */
import { RELAY_V2_HOP_CODEC } from '@libp2p/circuit-relay-v2'
import type { Libp2p } from '@libp2p/interface'
import type { Clock } from '../../base/index.ts'
import { openRelayKeeper, stepRelayKeeper } from '../../net/index.ts'
import { quietly } from './quiet-timer.ts'

/** How often reservations are counted, ms. */
const CHECK_MS = 15_000

/** A keeper of one transport. */
export interface RelayKeeper {
  start(): void
  stop(): void
}

/** Makes the keeper; it does nothing before `start` or where no reservation is wanted. */
export function createRelayKeeper(deps: { libp2p: Libp2p; wanted: number; clock: Clock }): RelayKeeper {
  let state = openRelayKeeper()
  let timer: ReturnType<typeof setInterval> | undefined

  const check = async (): Promise<void> => {
    const holding = new Set(
      deps.libp2p.getMultiaddrs().map(each => /\/p2p\/([^/]+)\/p2p-circuit/.exec(each.toString())?.[1])
    )
    holding.delete(undefined)
    const refusing: string[] = []
    for (const peer of deps.libp2p.getPeers()) {
      if (holding.has(peer.toString())) continue
      const known = await deps.libp2p.peerStore.get(peer).catch(() => undefined)
      if (known?.protocols.includes(RELAY_V2_HOP_CODEC) === true) refusing.push(peer.toString())
    }
    const [next, victim] = stepRelayKeeper(state, {
      at: deps.clock.now(),
      wanted: deps.wanted,
      held: holding.size,
      refusing
    })
    state = next
    const peer = deps.libp2p.getPeers().find(each => each.toString() === victim)
    if (peer !== undefined) await deps.libp2p.hangUp(peer, { signal: AbortSignal.timeout(5_000) })
  }

  return {
    start: () => {
      if (deps.wanted === 0) return
      timer = quietly(setInterval(() => void check().catch(() => undefined), CHECK_MS))
    },
    stop: () => clearInterval(timer)
  }
}
