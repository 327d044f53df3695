/**
 * What of the other side's negotiation reaches native code (VX64): bounded, of one audio part and one data part, with
 * Opus. The rest of the text is WebRTC's to parse.
 */

/** VX64: one description; browsers' have 3 to 6 KB. */
export const DESCRIPTION_BYTES_MAX = 32_768
/** VX64: candidates of one link. A machine with ten addresses has forty. */
export const CANDIDATES_MAX = 128
/** VX64: text of one candidate. */
const CANDIDATE_CHARS_MAX = 512

/** foundation, component, transport, priority, address, port, "typ", kind; then anything. */
const CANDIDATE =
  /^candidate:\S{1,32} \d{1,3} (?:udp|tcp) \d{1,10} \S{1,253} \d{1,5} typ (?:host|srflx|prflx|relay)(?: |$)/i

const linesOf = (sdp: string): string[] => sdp.split(/\r\n|\n/)

/** Why the description is not given to WebRTC; undefined where it is. */
export function descriptionFault(sdp: string): string | undefined {
  if (sdp.length > DESCRIPTION_BYTES_MAX) return 'the description is too long'
  const lines = linesOf(sdp)
  const media = lines.filter(line => line.startsWith('m=')).map(line => line.slice(2).split(' ', 1)[0])
  if (media.filter(kind => kind === 'audio').length !== 1) return 'the description has not one audio part'
  if (media.some(kind => kind !== 'audio' && kind !== 'application') || media.length > 2)
    return 'the description has parts that are no audio'
  return undefined
}

/** Whether the other side speaks the one codec of calls. */
export function hasOpus(sdp: string): boolean {
  return /^a=rtpmap:\d+ opus\/48000/im.test(sdp)
}

/** Whether a candidate is one; unknown shapes are none, nor mDNS names where nobody resolves them, and do no harm. */
export function isCandidate(text: string, resolvesLocal = false): boolean {
  return (
    text.length <= CANDIDATE_CHARS_MAX && CANDIDATE.test(text) && (resolvesLocal || !/\.local /i.test(text))
  )
}

/**
 * Asks for what speech wants of Opus: silence costs nothing (DTX), lost packets are partly repaired (FEC), and a bound on
 * the rate, kbit/s, unless it is 0. In our description the other side reads it, in theirs our own encoder does.
 */
export function tuneOpus(sdp: string, bitrateKbps: number): string {
  const payload = /^a=rtpmap:(\d+) opus\/48000/im.exec(sdp)?.[1]
  if (payload === undefined) return sdp
  const wanted = ['minptime=10', 'useinbandfec=1', 'usedtx=1']
  if (bitrateKbps > 0) wanted.push(`maxaveragebitrate=${Math.round(bitrateKbps * 1_000)}`)
  const line = `a=fmtp:${payload} ${wanted.join(';')}`
  const known = new RegExp(`^a=fmtp:${payload} [^\\r\\n]*`, 'm')
  if (known.test(sdp)) return sdp.replace(known, line)
  return sdp.replace(/^(a=rtpmap:\d+ opus\/48000[^\r\n]*)(\r?\n)/im, `$1$2${line}$2`)
}
