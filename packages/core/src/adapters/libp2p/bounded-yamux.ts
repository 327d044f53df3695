/**
 * yamux with a window that its read buffer can hold. By default a window grows to 16 MiB while the buffer is cut
 * at 4 MiB, so a reader that pauses under load, as back-pressure asks of it, would have its stream reset.
 */
import { yamux } from '@libp2p/yamux'

/** Largest window of one stream, bytes: a megabyte in flight is 50 Mbit/s at 160 ms. */
const WINDOW_BYTES_MAX = 1_048_576

/** Muxer of every profile. */
export function boundedYamux(): ReturnType<typeof yamux> {
  return yamux({ streamOptions: { initialStreamWindowSize: 262_144, maxStreamWindowSize: WINDOW_BYTES_MAX } })
}
