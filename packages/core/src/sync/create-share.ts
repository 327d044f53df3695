/** A server shared over a stream, as nothing is known of it yet. */
import type { ServerId } from '../base/index.ts'
import type { Fingerprint } from './fingerprint.ts'
import type { Ranges } from './ranges.ts'
import type { PeerTip, Session, Share } from './session.ts'

/** A shared server's first memory. */
export function createShare(session: Session, server: ServerId, handle: number, secret: Uint8Array): Share {
  return {
    session,
    server,
    handle,
    secret,
    opened: false,
    theirs: null,
    standing: 'none',
    level: 0,
    wantsReceipts: false,
    offering: null,
    offeredAt: -Infinity,
    agreed: false,
    sent: null,
    beatAt: Infinity,
    quietAt: Infinity,
    changes: 0,
    askedOperations: null,
    operationsTold: false,
    askedRecords: null,
    fruitless: 0,
    tips: new Map(),
    told: new Map(),
    rowsFollowed: false,
    tipsSeen: false,
    walks: new Map(),
    unwalkable: new Set(),
    listed: new Map(),
    first: [],
    walked: false,
    tipsAt: Infinity,
    pending: new Set(),
    comparing: null,
    caughtUp: false,
    parted: false,
    received: 0,
    missing: 0,
    countIn: 0,
    blocked: false,
    held: false,
    retryAt: Infinity,
    restsUntil: 0,
    askedAt: -Infinity,
    receivedBytes: 0,
    looks: new Map(),
    servedAt: 0
  }
}

/** A chain of which nothing came yet. `sum` null: no row, only places that were listed. */
export function createTip(sum: Fingerprint | null, ranges: Ranges): PeerTip {
  return { sum, ranges, got: [], misses: 0, compared: null, denials: 0, deniedUntil: 0 }
}
