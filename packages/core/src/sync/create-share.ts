/** A server shared over a stream, as nothing is known of it yet. */
import type { ServerId } from '../base/index.ts'
import type { Session, Share } from './session.ts'

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
    servedAt: 0
  }
}
