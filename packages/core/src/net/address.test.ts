import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { idFromBytes } from '../base/index.ts'
import {
  deviceOfAddress,
  deviceOfPeerIdText,
  isLocalHost,
  isLoopback,
  pathOfAddress,
  peerIdText,
  withDevice,
  withoutDevice
} from './address.ts'

const device = idFromBytes('d', new Uint8Array(32).fill(7))
const id = peerIdText(device)

describe('addresses', () => {
  it('[NT2] name a device by its PeerId and back, for every key', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), key => {
        const each = idFromBytes('d', key)
        expect(deviceOfPeerIdText(peerIdText(each))).toBe(each)
      })
    )
  })

  it('[NT40] name no device in any other text', () => {
    fc.assert(
      fc.property(fc.string(), text => {
        const found = deviceOfPeerIdText(text)
        expect(found === undefined || peerIdText(found) === text).toBe(true)
      })
    )
    for (const text of [
      '',
      id.slice(1),
      `${id}1`,
      id.toLowerCase(),
      'QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N',
      '16Uiu2HAm3ZEm4dSzKzfFx7gDRYtbBsV1zrFxmgK3ErXsXKmt5cd1'
    ]) {
      expect(deviceOfPeerIdText(text)).toBeUndefined()
    }
  })

  it('[NT40] tell their path', () => {
    expect(pathOfAddress('/ip4/192.168.1.2/tcp/1')).toBe('lan')
    expect(pathOfAddress('/ip6/fd00::1/tcp/1')).toBe('lan')
    expect(pathOfAddress('/ip4/203.0.113.9/tcp/4001')).toBe('tcp')
    expect(pathOfAddress('/dns4/boot.example/tcp/443/wss')).toBe('wss')
    expect(pathOfAddress('/ip4/127.0.0.1/tcp/4002/ws')).toBe('wss')
    expect(pathOfAddress(`/ip4/203.0.113.9/tcp/4001/p2p/${id}/p2p-circuit/p2p/${id}`)).toBe('relayed')
    expect(pathOfAddress(`/ip4/203.0.113.9/tcp/4001/p2p/${id}/p2p-circuit/webrtc/p2p/${id}`)).toBe('webrtc')
    expect(pathOfAddress('/memory/x/p2p/y')).toBe('memory')
    for (const text of [
      '',
      'x',
      '/',
      '/ip4',
      '/ip4/1.2.3.4/udp/1/quic-v1',
      '/dnsaddr/example.org',
      '/unix/tmp/x',
      `/ip4/1.2.3.4/tcp/1/${'x'.repeat(600)}`
    ]) {
      expect(pathOfAddress(text), text).toBeUndefined()
    }
  })

  it('[NT40] gain and lose their device', () => {
    expect(withDevice('/ip4/1.2.3.4/tcp/1', device)).toBe(`/ip4/1.2.3.4/tcp/1/p2p/${id}`)
    expect(withDevice(`/ip4/1.2.3.4/tcp/1/p2p/${id}`, device)).toBe(`/ip4/1.2.3.4/tcp/1/p2p/${id}`)
    expect(withoutDevice(`/ip4/1.2.3.4/tcp/1/p2p/${id}`)).toBe('/ip4/1.2.3.4/tcp/1')
    expect(deviceOfAddress(`/ip4/1.2.3.4/tcp/1/p2p/${id}`)).toBe(device)
    expect(deviceOfAddress('/ip4/1.2.3.4/tcp/1')).toBeUndefined()
  })

  it('[NT40] know what is near', () => {
    for (const host of [
      '10.0.0.1',
      '127.0.0.1',
      '172.16.0.1',
      '172.31.9.9',
      '192.168.0.1',
      '169.254.1.1',
      '100.64.0.1',
      '::1',
      'fd12::1',
      'FE80::1',
      'localhost'
    ]) {
      expect(isLocalHost(host), host).toBe(true)
    }
    for (const host of [
      '11.0.0.1',
      '172.32.0.1',
      '192.169.0.1',
      '100.128.0.1',
      '2001:db8::1',
      'fd.example',
      'example.org'
    ]) {
      expect(isLocalHost(host), host).toBe(false)
    }
    expect(isLoopback('/ip4/127.0.0.1/tcp/1')).toBe(true)
    expect(isLoopback('/ip6/::1/tcp/1')).toBe(true)
    expect(isLoopback('/ip4/10.0.0.1/tcp/1')).toBe(false)
  })
})
