import { describe, expect, it } from 'vitest'
import { descriptionFault, hasOpus, isCandidate, tuneOpus } from './descriptions.ts'

const SDP = [
  'v=0',
  'm=audio 9 UDP/TLS/RTP/SAVPF 111 0',
  'a=rtpmap:111 opus/48000/2',
  'a=fmtp:111 minptime=10;useinbandfec=1',
  'a=rtpmap:0 PCMU/8000',
  'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
  ''
].join('\r\n')

describe('descriptions of the other side', () => {
  it('[VX64] are one audio part with Opus, and a data part', () => {
    expect(descriptionFault(SDP)).toBeUndefined()
    expect(descriptionFault(SDP.replaceAll('\r\n', '\n'))).toBeUndefined()
    expect(descriptionFault('')).toMatch('not one audio part')
    expect(descriptionFault(SDP.replace('m=application', 'm=audio'))).toMatch('not one audio part')
    expect(descriptionFault(`${SDP}m=video 9 X 96\r\n`)).toMatch('no audio')
    expect(descriptionFault(`${SDP}m=application 9 X y\r\n`)).toMatch('no audio')
    expect([SDP, SDP.replace('opus', 'x-opus')].map(hasOpus)).toEqual([true, false])
    expect(descriptionFault(SDP.padEnd(32_768, '\n'))).toBeUndefined()
    expect(descriptionFault(SDP.padEnd(32_769, '\n'))).toMatch('too long')
  })

  it('[VX64] have candidates of a known shape', () => {
    const good = 'candidate:1 1 udp 2122265343 192.0.2.7 42365 typ host'
    expect(isCandidate(good)).toBe(true)
    expect(isCandidate(`${good} generation 0 ufrag LxXq`)).toBe(true)
    expect(isCandidate('candidate:1 1 TCP 1 fd00::2 9 typ relay raddr 0.0.0.0 rport 9')).toBe(true)
    for (const bad of [
      '',
      'candidate:',
      `a=${good}`,
      good.replace('host', 'hosted'),
      good.replace('192.0.2.7', '1f3a.local'),
      good.replace('udp', 'sctp'),
      `${good} ${'x'.repeat(500)}`
    ])
      expect(isCandidate(bad)).toBe(false)
  })
})

describe('Opus', () => {
  it('[VX69] is asked for silence that costs nothing and for repair, once', () => {
    const tuned = tuneOpus(SDP, 0)
    expect(tuned).toContain('a=fmtp:111 minptime=10;useinbandfec=1;usedtx=1\r\n')
    expect(tuned.match(/a=fmtp/g)).toHaveLength(1)
    expect(tuneOpus(tuned, 0)).toBe(tuned)
    expect(tuneOpus(SDP, 24)).toContain('maxaveragebitrate=24000\r\n')
    expect(tuneOpus(SDP.replace(/a=fmtp.*\r\n/, ''), 0)).toContain('opus/48000/2\r\na=fmtp:111 minptime=10')
    expect(tuneOpus('v=0', 0)).toBe('v=0')
  })
})
