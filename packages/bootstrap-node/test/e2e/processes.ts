/** Starts nodes and peers as processes of their own, and ends every one of them. */
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { DeviceId } from '@xcord/core/base'

/** What a peer process can be told. */
export type PeerOrder =
  | { readonly kind: 'start'; readonly seed: string; readonly listen: readonly string[] }
  | { readonly kind: 'node' | 'dial'; readonly addresses: readonly string[] }
  | { readonly kind: 'register' | 'meet'; readonly node: DeviceId; readonly key: string }
  | { readonly kind: 'publish'; readonly text: string }
  | { readonly kind: 'echo'; readonly device: DeviceId; readonly text: string }
  | { readonly kind: 'addresses' | 'connections' | 'subscribers' | 'heard' | 'memory' }

/** What it answers. */
export interface PeerAnswer {
  readonly id: number
  readonly value?: unknown
  readonly error?: string
}

const SOURCE = ['--conditions=xcord-source', '--disable-warning=ExperimentalWarning']
const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const running = new Set<ChildProcess>()
const folders: string[] = []

/** Environment without anything that would configure a node. */
function cleanEnvironment(extra: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('XCORD_') && name !== 'NODE_OPTIONS'
  )
  return { ...Object.fromEntries(own), ...extra }
}

/** Ends all that was started and removes all that was made. */
export async function cleanUp(): Promise<void> {
  await Promise.all(
    [...running].map(
      child =>
        new Promise<void>(resolve => {
          if (child.exitCode !== null || child.signalCode !== null) return resolve()
          child.once('exit', () => resolve())
          child.kill('SIGKILL')
        })
    )
  )
  running.clear()
  await Promise.all(folders.splice(0).map(each => rm(each, { recursive: true, force: true })))
}

/** A folder that is removed afterwards. */
export async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'xcord-node-'))
  folders.push(made)
  return made
}

/** A node process and what it printed. */
export interface NodeProcess {
  readonly child: ChildProcess
  readonly output: { out: string; err: string }
  readonly ended: Promise<number | null>
}

/** Starts `xcord-node` with these arguments. */
export function startNode(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {}
): NodeProcess {
  const child = spawn(process.execPath, [...SOURCE, path('./run-node.ts'), ...args], {
    env: cleanEnvironment(environment),
    stdio: ['ignore', 'pipe', 'pipe']
  })
  running.add(child)
  const output = { out: '', err: '' }
  child.stdout.on('data', (data: Buffer) => (output.out += data.toString()))
  child.stderr.on('data', (data: Buffer) => (output.err += data.toString()))
  const ended = new Promise<number | null>(resolve => child.once('exit', code => resolve(code)))
  return { child, output, ended }
}

/** What a node says when it runs. */
export interface NodeStarted {
  readonly node: DeviceId
  readonly addresses: readonly string[]
  readonly ready: boolean
  readonly healthUrl: string
}

/** Starts a node on free loopback ports and waits until it runs. */
export async function runningNode(
  extra: readonly string[] = []
): Promise<NodeProcess & { readonly status: NodeStarted; readonly keyFile: string }> {
  const keyFile = join(await folder(), 'node.key')
  const node = startNode([
    'run',
    '--json',
    '--dev',
    '--key-file',
    keyFile,
    '--http',
    '127.0.0.1:0',
    '--listen',
    '/ip4/127.0.0.1/tcp/0',
    '--listen',
    '/ip4/127.0.0.1/tcp/0/ws',
    ...extra
  ])
  await until('the node runs', () => {
    if (node.child.exitCode !== null) throw new Error(`the node ended: ${node.output.err}`)
    return node.output.out.includes('\n')
  })
  return { ...node, keyFile, status: JSON.parse(node.output.out.split('\n')[0] ?? '') as NodeStarted }
}

/** A peer process. */
export interface PeerProcess {
  readonly device: DeviceId
  ask<T>(order: PeerOrder): Promise<T>
}

/** Starts a peer. */
export async function startPeer(listen: readonly string[] = ['/ip4/127.0.0.1/tcp/0']): Promise<PeerProcess> {
  const child = fork(path('./run-peer.ts'), [], {
    execArgv: SOURCE,
    env: cleanEnvironment({}),
    stdio: ['ignore', 'inherit', 'inherit', 'ipc']
  })
  running.add(child)
  const waiting = new Map<number, (answer: PeerAnswer) => void>()
  child.on('message', (answer: PeerAnswer) => waiting.get(answer.id)?.(answer))
  let ids = 0
  const ask = async <T>(order: PeerOrder): Promise<T> =>
    await new Promise<T>((resolve, reject) => {
      const id = ++ids
      waiting.set(id, answer => {
        waiting.delete(id)
        if (answer.error === undefined) resolve(answer.value as T)
        else reject(new Error(answer.error))
      })
      child.send({ id, order })
    })
  const device = await ask<DeviceId>({ kind: 'start', seed: randomBytes(32).toString('hex'), listen })
  return { device, ask }
}

/** Waits until something is true. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  ms = 30_000
): Promise<void> {
  const end = Date.now() + ms
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited ${ms} ms in vain for: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}
