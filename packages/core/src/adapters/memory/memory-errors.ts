/** Errors of memory connections, as a real network would give them. */
import { XcordError } from '../../base/index.ts'

/** The error of a peer that is gone. */
export function gonePeer(address: string, why: string): XcordError<'XCORD_NO_PEER'> {
  return new XcordError('XCORD_NO_PEER', `The peer is gone: ${why}.`, { tried: [{ address, error: why }] })
}
