import { createSocket } from 'node:dgram'
import { describe, expect, it } from 'vitest'
import { answerStun, openStunServer } from './stun-server.ts'

/** A binding request with this transaction, as RFC 8489 has it. */
function question(attributes = Buffer.alloc(0)): Buffer {
  const bytes = Buffer.from('000100002112a442b7e7a701bc34d686fa87dfae', 'hex')
  bytes.writeUInt16BE(attributes.length, 2)
  return Buffer.concat([bytes, attributes])
}

describe('STUN', () => {
  // Addresses and transaction of the sample responses in RFC 5769.
  it('[BN13] says the address that a question came from', () => {
    expect(answerStun(question(), { address: '192.0.2.1', port: 32_853 })?.toString('hex')).toBe(
      '0101000c2112a442b7e7a701bc34d686fa87dfae00200008' + '0001a147e112a643'
    )
    expect(
      answerStun(question(), { address: '2001:db8:1234:5678:11:2233:4455:6677', port: 32_853 })?.toString(
        'hex'
      )
    ).toBe('010100182112a442b7e7a701bc34d686fa87dfae00200014' + '0002a1470113a9faa5d3f179bc25f4b5bed2b9d9')
    expect(answerStun(question(), { address: '::ffff:192.0.2.1', port: 32_853 })).toHaveLength(32)
    expect(answerStun(question(), { address: 'fe80::1%eth0', port: 1 })).toHaveLength(44)
  })

  it('[BN13] answers nothing but binding requests, whole and short', () => {
    const from = { address: '192.0.2.1', port: 1 }
    const altered = (at: number, byte: number): Buffer => {
      const bytes = question()
      bytes.writeUInt8(byte, at)
      return bytes
    }
    for (const bad of [
      Buffer.alloc(0),
      question().subarray(0, 19),
      Buffer.concat([question(), Buffer.alloc(4)]),
      altered(0, 0x80),
      altered(1, 2),
      altered(4, 0),
      question(Buffer.alloc(1_000))
    ])
      expect(answerStun(bad, from)).toBeUndefined()
    expect(answerStun(question(Buffer.alloc(8)), from)).toBeDefined()
  })

  it('[BN13] on a port of its own; one that is taken is said', async () => {
    const server = await openStunServer({ host: '127.0.0.1', port: 0 })
    const client = createSocket('udp4')
    try {
      await expect(openStunServer({ host: '127.0.0.1', port: server.port })).rejects.toMatchObject({
        code: 'XCORD_PORT_IN_USE'
      })
      const answer = await new Promise<Buffer>(resolve => {
        client.once('message', resolve)
        client.send(Buffer.from('junk'), server.port, '127.0.0.1')
        client.send(question(), server.port, '127.0.0.1')
      })
      const port = answer.readUInt16BE(26) ^ 0x2112
      expect(port).toBe(client.address().port)
    } finally {
      client.close()
      await server.close()
    }
  })
})
