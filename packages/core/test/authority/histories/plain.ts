/** States and verdicts as text that can be compared, and the oracle's hash. */
import type { AuthorityState, BatchResult } from '../../../src/authority/index.ts'
import { merkleRoot, stateChunks, stateRow } from '../../../src/authority/state-root.ts'
import { fakeSuite } from '../cast.ts'

/** What anybody could see of a state. */
export function dump(state: AuthorityState, at: number): unknown {
  const members = [...state.members()].sort((a, b) => (a.user < b.user ? -1 : 1))
  const channels = state.channels()
  return {
    name: state.name,
    owner: state.owner,
    generation: state.ownerGeneration,
    members,
    banned: [...state.banned()].sort(),
    roles: state.roles(),
    channels,
    invites: [...state.invites()].sort((a, b) => (a.id < b.id ? -1 : 1)),
    automod: state.automod(),
    permissions: members.map(member =>
      [null, ...channels.map(each => each.id)].map(channel => state.permissions(member.user, channel, at))
    )
  }
}

/** JSON with bigints and bytes. */
export function plain(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) =>
    typeof each === 'bigint'
      ? `${each}n`
      : each instanceof Uint8Array
        ? Buffer.from(each).toString('hex')
        : each
  )
}

/** AU41's root over what the oracle says of a set. */
export function oracleHash(oracle: BatchResult, reader: BatchResult['reader']): string {
  const rows: Uint8Array[] = []
  for (const cell of oracle.cells) {
    const winner = reader.winner(cell)
    if (winner !== undefined) rows.push(stateRow(cell, winner))
  }
  return Buffer.from(merkleRoot(fakeSuite, stateChunks(rows))).toString('hex')
}
