import { randomBytes } from 'node:crypto'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { createConnection, createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { cleanUp, folder, type PeerProcess, runningNode, startNode, startPeer, until } from './processes.ts'

afterEach(cleanUp)

const KEY = 'ab'.repeat(16)
type Seen = { device: string; path: string }[]

async function meet(
  peers: readonly PeerProcess[],
  node: Awaited<ReturnType<typeof runningNode>>
): Promise<void> {
  await Promise.all(peers.map(each => each.ask({ kind: 'node', addresses: node.status.addresses })))
  await Promise.all(peers.map(each => each.ask({ kind: 'register', node: node.status.node, key: KEY })))
  await until('all met', async () => {
    const seen = await Promise.all(
      peers.map(each => each.ask<Seen>({ kind: 'meet', node: node.status.node, key: KEY }))
    )
    return seen.every((list, i) =>
      peers.every((other, j) => i === j || list.some(each => each.device === other.device))
    )
  })
}

describe('peers and a node, each a process', () => {
  it('[NT6] [NT10] three find each other by the rendezvous, and gossip outlives the node', async () => {
    const node = await runningNode()
    const peers = await Promise.all([startPeer(), startPeer(), startPeer()])
    await meet(peers, node)
    await until('gossip knows all', async () =>
      (await Promise.all(peers.map(each => each.ask<string[]>({ kind: 'subscribers' })))).every(
        each => each.length === 2
      )
    )

    const say = async (round: string): Promise<void> => {
      for (const [index, peer] of peers.entries())
        await peer.ask({ kind: 'publish', text: `${round} of ${index}` })
      await until(`${round} heard by all`, async () => {
        const heard = await Promise.all(peers.map(each => each.ask<string[]>({ kind: 'heard' })))
        return heard.every((list, own) =>
          peers.every((_, index) => index === own || list.includes(`${round} of ${index}`))
        )
      })
    }
    await say('before')
    node.child.kill('SIGKILL')
    await node.ended
    await say('after')
    const heard = await Promise.all(peers.map(each => each.ask<string[]>({ kind: 'heard' })))
    for (const list of heard) expect(new Set(list).size).toBe(list.length)
  })

  it('[NT17] [BN17] [BN10] [BN11] [NT35] two who listen nowhere talk through the relay, and the node keeps no word of it', async () => {
    const node = await runningNode(['--log-level', 'debug'])
    const [a, b] = await Promise.all([startPeer([]), startPeer([])])
    await Promise.all([a, b].map(each => each.ask({ kind: 'node', addresses: node.status.addresses })))
    await until('b is reachable by relay', async () =>
      (await b.ask<string[]>({ kind: 'addresses' })).some(each => each.includes('/p2p-circuit'))
    )
    expect(await a.ask({ kind: 'dial', addresses: await b.ask<string[]>({ kind: 'addresses' }) })).toBe(
      'relayed'
    )
    const canary = `canary ${randomBytes(16).toString('hex')}`
    expect(await a.ask({ kind: 'echo', device: b.device, text: canary })).toBe(canary)

    const metrics = await (await fetch(`${node.status.healthUrl}/metrics`)).text()
    expect(metrics).toMatch(/^xcord_circuits 1$/m)
    expect(metrics).toMatch(/^xcord_reservations\{state="active"\} [12]$/m)
    expect(Number(/^xcord_relay_bytes_total\{dir="in"\} (\d+)$/m.exec(metrics)?.[1])).toBeGreaterThan(100)
    expect(Number(/^xcord_relay_bytes_total\{dir="out"\} (\d+)$/m.exec(metrics)?.[1])).toBeGreaterThan(100)
    expect(metrics).toMatch(/^xcord_ready 1$/m)
    // BN17, BN10, BN11: neither words nor names of peers anywhere that an operator reads.
    const everything = metrics + node.output.out.split('\n').slice(1).join('\n') + node.output.err
    for (const secret of [canary, a.device, b.device, '12D3KooW', '/ip4/'])
      expect(everything).not.toContain(secret)
    expect(node.output.err).toContain('peer:connect')
  })

  it('[NT19] a restarted node is used again, with the same identity', async () => {
    const node = await runningNode()
    const peer = await startPeer([])
    await peer.ask({ kind: 'node', addresses: node.status.addresses })
    await until('reserved', async () => (await peer.ask<string[]>({ kind: 'addresses' })).length > 0)
    node.child.kill('SIGKILL')
    await node.ended
    await until('noticed', async () => (await peer.ask<string[]>({ kind: 'addresses' })).length === 0)
    const tcp = node.status.addresses.find(each => !each.includes('/ws')) ?? ''
    const again = startNode([
      'run',
      '--json',
      '--dev',
      '--key-file',
      node.keyFile,
      '--http',
      'off',
      '--listen',
      tcp.split('/p2p/')[0] ?? ''
    ])
    await until('runs again', () => again.output.out.includes('\n'))
    expect((JSON.parse(again.output.out) as { node: string }).node).toBe(node.status.node)
    await until('reserved again', async () => (await peer.ask<string[]>({ kind: 'addresses' })).length > 0)
  })
})

describe('the program', () => {
  it('[BN9] [BN12] answers health, becomes ready, and ends with 0 on SIGTERM', async () => {
    const node = await runningNode()
    expect((await fetch(`${node.status.healthUrl}/healthz`)).status).toBe(200)
    expect(await (await fetch(`${node.status.healthUrl}/readyz`)).json()).toEqual({
      ready: true,
      missing: []
    })
    expect((await fetch(`${node.status.healthUrl}/other`)).status).toBe(404)
    expect((await fetch(`${node.status.healthUrl}/metrics`, { method: 'POST' })).status).toBe(405)
    node.child.kill('SIGTERM')
    expect(await node.ended).toBe(0)
    for (const line of node.output.err.trim().split('\n'))
      expect(() => JSON.parse(line) as unknown).not.toThrow()
  })

  it('[BN3] is not ready while it announces nothing', async () => {
    const keyFile = join(await folder(), 'node.key')
    const node = startNode([
      'run',
      '--json',
      '--key-file',
      keyFile,
      '--http',
      '127.0.0.1:0',
      '--listen',
      '/ip4/127.0.0.1/tcp/0'
    ])
    await until('runs', () => node.output.out.includes('\n'))
    const status = JSON.parse(node.output.out) as { ready: boolean; healthUrl: string }
    expect(status.ready).toBe(false)
    const response = await fetch(`${status.healthUrl}/readyz`)
    expect(response.status).toBe(503)
    expect(await response.json()).toMatchObject({
      ready: false,
      missing: [expect.stringContaining('announce')]
    })
  })

  it('[BN2] makes its identity once, for its owner only', async () => {
    const node = await runningNode()
    expect((await stat(node.keyFile)).mode & 0o777).toBe(0o600)
    node.child.kill('SIGTERM')
    await node.ended
    const info = startNode([
      'info',
      '--json',
      '--key-file',
      node.keyFile,
      '--announce',
      '/ip4/192.0.2.7/tcp/4001'
    ])
    expect(await info.ended).toBe(0)
    const told = JSON.parse(info.output.out) as { node: string; addresses: string[] }
    expect(told.node).toBe(node.status.node)
    expect(told.addresses[0]).toMatch(/^\/ip4\/192\.0\.2\.7\/tcp\/4001\/p2p\/12D3KooW/)
  })

  const oneSentence = (text: string, code: string): void => {
    const lines = text
      .trim()
      .split('\n')
      .filter(each => !each.startsWith('{'))
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain(`[${code}]`)
    expect(lines[0]).not.toContain('    at ')
  }

  it('[BN1] says in one sentence what is wrong, and ends with the code for it', async () => {
    const path = await folder()
    const bad = join(path, 'bad.yaml')
    await writeFile(bad, 'announce:\n  - /ip4/192.0.2.7/tcp/4001\nlimits:\n  connectionsMax: many\n')
    const broken = join(path, 'broken.key')
    await writeFile(broken, 'xcord-node-key 1 AAAA\n', { mode: 0o600 })
    const open = join(path, 'open.key')
    await writeFile(open, 'xcord-node-key 1 AAAA\n', { mode: 0o644 })
    const newer = join(path, 'newer.key')
    await writeFile(newer, 'xcord-node-key 2 AAAA\n', { mode: 0o600 })
    const cases: [string[], Record<string, string>, number, string, RegExp][] = [
      [
        ['check', '--config', bad],
        {},
        2,
        'XCORD_CONFIG_INVALID',
        /limits\.connectionsMax is "many" in .*line 4; it must be a whole number from 1/
      ],
      [
        ['check'],
        { XCORD_NODE_LISEN: '/ip4/1.2.3.4/tcp/1' },
        2,
        'XCORD_CONFIG_INVALID',
        /Unknown variable XCORD_NODE_LISEN/
      ],
      [['run', '--key-file', broken], {}, 9, 'XCORD_KEYSTORE_INVALID', /not a whole key file/],
      [['run', '--key-file', open], {}, 9, 'XCORD_KEYSTORE_INVALID', /chmod 600/],
      [['run', '--key-file', newer], {}, 9, 'XCORD_NEWER_VERSION', /newer XCord/],
      [['run', '--key-file', path], {}, 9, 'XCORD_KEYSTORE_INVALID', /not a file/],
      [
        ['run', '--key-file', join(path, 'no/such/folder')],
        {},
        1,
        'XCORD_STORE_FAILED',
        /cannot be made \(ENOENT\)/
      ],
      [
        ['run', '--key-file', join(path, 'k'), '--http', 'off', '--listen', '/ip4/127.0.0.1/tcp/99999'],
        {},
        2,
        'XCORD_ADDRESS_INVALID',
        /99999/
      ],
      [['run', '--set', 'nonsense'], {}, 2, 'XCORD_USAGE', /key=value/]
    ]
    await Promise.all(
      cases.map(async ([args, environment, exit, code, text]) => {
        const node = startNode(args, environment)
        expect(await node.ended, args.join(' ')).toBe(exit)
        oneSentence(node.output.err, code)
        expect(node.output.err).toMatch(text)
      })
    )
  })

  it('[BN1] names the port that is taken, be it its own or the health port', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await until('listening', () => taken.listening)
    const { port } = taken.address() as AddressInfo
    const keyFile = join(await folder(), 'node.key')
    try {
      for (const args of [
        ['--http', 'off', '--listen', `/ip4/127.0.0.1/tcp/${port}`],
        ['--http', `127.0.0.1:${port}`, '--listen', '/ip4/127.0.0.1/tcp/0']
      ]) {
        const node = startNode(['run', '--dev', '--key-file', keyFile, ...args])
        expect(await node.ended).toBe(8)
        oneSentence(node.output.err, 'XCORD_PORT_IN_USE')
        expect(node.output.err).toContain(String(port))
      }
    } finally {
      taken.close()
    }
  })

  it('[NT2] stays up whatever bytes come to its ports', async () => {
    const node = await runningNode()
    const ports = node.status.addresses.map(each => Number(/tcp\/(\d+)/.exec(each)?.[1]))
    const greet = Buffer.from('\x13/multistream/1.0.0\n')
    await Promise.all(
      [...ports, Number(new URL(node.status.healthUrl).port)].flatMap(port =>
        [
          Buffer.alloc(0),
          randomBytes(10),
          randomBytes(70_000),
          greet,
          Buffer.concat([greet, randomBytes(2_000)]),
          Buffer.from('GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n')
        ].map(
          bytes =>
            new Promise<void>(resolve => {
              const socket = createConnection(port, '127.0.0.1', () => socket.end(bytes))
              socket.on('error', () => undefined)
              socket.on('close', () => resolve())
              socket.resume()
              setTimeout(() => socket.destroy(), 2_000).unref()
            })
        )
      )
    )
    expect((await fetch(`${node.status.healthUrl}/healthz`)).status).toBe(200)
    const peer = await startPeer()
    expect(await peer.ask({ kind: 'node', addresses: node.status.addresses })).toBe(node.status.node)
    const webSocket = await startPeer([])
    expect(
      await webSocket.ask({
        kind: 'dial',
        addresses: node.status.addresses.filter(each => each.includes('/ws'))
      })
    ).toBe('wss')
    expect(node.child.exitCode).toBeNull()
    expect(await readFile(node.keyFile, 'utf8')).toMatch(/^xcord-node-key 1 /)
  })
})
