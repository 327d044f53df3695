/** What a description in SDP says of whom it leads to (VX2). Pure reading: the engine does the rest. */
import { accept, refuse, type Verdict } from '../base/index.ts'
import { utf8 } from '../encoding/index.ts'
import { SDP_BYTES_MAX } from './limits.ts'

/** `a=setup` by its number in VX1. */
export const SETUPS = ['actpass', 'active', 'passive'] as const
export type Setup = (typeof SETUPS)[number]

/** Parts of a description that are signed. */
export interface SdpClaims {
  /** SHA-256 of the certificate: 32 bytes. */
  readonly fingerprint: Uint8Array
  readonly iceUfrag: string
  readonly setup: Setup
}

const FINGERPRINT = /^a=fingerprint:(\S+) (\S+)$/i
const FINGERPRINT_HEX = /^[0-9a-f]{2}(:[0-9a-f]{2}){31}$/i

function only(values: ReadonlySet<string>, what: string): Verdict<string> {
  const [first] = values
  return first === undefined || values.size > 1
    ? refuse('VX2', `a description has exactly one ${what}`)
    : accept(first)
}

/** Distinct values of an attribute, over all sections. */
function attribute(lines: readonly string[], name: string): ReadonlySet<string> {
  const start = `a=${name}:`
  return new Set(lines.filter(each => each.startsWith(start)).map(each => each.slice(start.length)))
}

function readFingerprint(lines: readonly string[]): Verdict<Uint8Array> {
  const found = new Set<string>()
  for (const line of lines) {
    if (!/^a=fingerprint:/i.test(line)) continue
    const [, algorithm = '', value = ''] = FINGERPRINT.exec(line) ?? []
    if (algorithm.toLowerCase() !== 'sha-256' || !FINGERPRINT_HEX.test(value))
      return refuse('VX2', 'a fingerprint is SHA-256')
    found.add(value.toLowerCase())
  }
  const one = only(found, 'fingerprint')
  if (!one.ok) return one
  return accept(Uint8Array.from(one.value.split(':'), each => Number.parseInt(each, 16)))
}

/** Reads what is signed of a description. Refuses media beyond audio: no version has rules for it yet. */
export function readSdp(sdp: string): Verdict<SdpClaims> {
  if (utf8(sdp).length > SDP_BYTES_MAX) return refuse('VX2', 'a description is too long')
  const lines = sdp.split(/\r\n|\r|\n/)
  for (const line of lines) {
    if (line.startsWith('m=') && !/^m=(audio|application) /.test(line))
      return refuse('VX2', 'a description of something else than audio')
  }
  const fingerprint = readFingerprint(lines)
  if (!fingerprint.ok) return fingerprint
  const ufrag = only(attribute(lines, 'ice-ufrag'), 'ice-ufrag')
  if (!ufrag.ok) return ufrag
  const setup = only(attribute(lines, 'setup'), 'setup')
  if (!setup.ok) return setup
  const known = SETUPS.find(each => each === setup.value)
  if (known === undefined) return refuse('VX2', 'a setup this version does not know')
  return accept({ fingerprint: fingerprint.value, iceUfrag: ufrag.value, setup: known })
}
