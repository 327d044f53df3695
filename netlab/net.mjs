/**
 * A small internet of network namespaces: a router in the middle, a public machine, and two homes behind routers of their
 * own that translate addresses. It has no way out, so nothing leaves the machine. Linux, root, iproute2 and nftables.
 *
 *   middle ── 31.1.1.2 node
 *      ├──── 32.1.1.2 homeA ── 192.168.1.1 │ 192.168.1.2 a
 *      └──── 33.1.1.2 homeB ── 192.168.2.1 │ 192.168.2.2 b
 *
 * The addresses look public, since peers pass over private ones of others.
 */
import { execFileSync, spawnSync } from 'node:child_process'

const PREFIX = `xlab${process.pid}-`
const PLACES = ['middle', 'node', 'homeA', 'homeB', 'a', 'b']
const WAN = { node: '31.1.1', homeA: '32.1.1', homeB: '33.1.1' }
const LAN = { a: ['homeA', '192.168.1'], b: ['homeB', '192.168.2'] }

/** Where the public machine is. */
export const NODE_ADDRESS = '31.1.1.2'

const nameOf = place => `${PREFIX}${place}`
const run = (command, ...args) =>
  execFileSync(command, args, { stdio: ['ignore', 'pipe', 'pipe'] }).toString()
const ip = (place, ...args) => run('ip', '-n', nameOf(place), ...args)
const nft = (place, rules) =>
  execFileSync('ip', ['netns', 'exec', nameOf(place), 'nft', '-f', '-'], { input: rules })

/** What is in front of a command that runs at a place. */
export const inside = place => ['ip', 'netns', 'exec', nameOf(place)]

/** Why the laboratory cannot be built here, in a sentence; undefined where it can. */
export function missing() {
  if (process.platform !== 'linux') return 'it needs Linux'
  if (process.getuid?.() !== 0) return 'it needs root, to make network namespaces'
  for (const [tool, from] of [
    ['ip', 'iproute2'],
    ['nft', 'nftables'],
    ['tc', 'iproute2']
  ])
    if (spawnSync(tool, ['-V']).error !== undefined) return `"${tool}" is missing (Debian package ${from})`
  try {
    run('ip', 'netns', 'add', nameOf('probe'))
    nft('probe', 'table ip t { chain c { type nat hook postrouting priority 100; masquerade; }; }')
    return undefined
  } catch {
    return 'this kernel or container allows no network namespaces, or has no address translation'
  } finally {
    spawnSync('ip', ['netns', 'del', nameOf('probe')])
  }
}

/** One end in the middle, the other at a place with a public address. */
function connect(place) {
  run(
    'ip',
    'link',
    'add',
    'wan',
    'netns',
    nameOf(place),
    'type',
    'veth',
    'peer',
    'name',
    place,
    'netns',
    nameOf('middle')
  )
  for (const [end, device, last] of [
    ['middle', place, 1],
    [place, 'wan', 2]
  ]) {
    ip(end, 'addr', 'add', `${WAN[place]}.${last}/24`, 'dev', device)
    ip(end, 'link', 'set', device, 'up')
  }
  ip(place, 'route', 'add', 'default', 'via', `${WAN[place]}.1`)
}

function connectHome(host) {
  const [home, net] = LAN[host]
  run(
    'ip',
    'link',
    'add',
    'eth0',
    'netns',
    nameOf(host),
    'type',
    'veth',
    'peer',
    'name',
    'lan',
    'netns',
    nameOf(home)
  )
  ip(home, 'addr', 'add', `${net}.1/24`, 'dev', 'lan')
  ip(home, 'link', 'set', 'lan', 'up')
  ip(host, 'addr', 'add', `${net}.2/24`, 'dev', 'eth0')
  ip(host, 'link', 'set', 'eth0', 'up')
  ip(host, 'route', 'add', 'default', 'via', `${net}.1`)
}

/**
 * Translates addresses as a home router does, and drops what nobody inside asked for. `strict` takes another port for
 * each destination, so that no two homes find each other directly.
 */
function translate(home, strict) {
  run(...inside(home), 'sysctl', '-qw', 'net.ipv4.ip_forward=1')
  nft(
    home,
    `table ip nat { chain post { type nat hook postrouting priority 100; oifname "wan" masquerade ${strict ? 'fully-random' : ''}; }; }
     table ip filter {
       chain inp { type filter hook input priority 0; iifname "wan" ct state new drop; };
       chain forw { type filter hook forward priority 0; iifname "wan" ct state new drop; };
     }`
  )
}

/** Builds it; `strict` as `translate` has it. */
export function build({ strict = false } = {}) {
  for (const place of PLACES) {
    run('ip', 'netns', 'add', nameOf(place))
    ip(place, 'link', 'set', 'lo', 'up')
  }
  for (const place of Object.keys(WAN)) connect(place)
  for (const host of Object.keys(LAN)) connectHome(host)
  run(...inside('middle'), 'sysctl', '-qw', 'net.ipv4.ip_forward=1')
  for (const home of ['homeA', 'homeB']) translate(home, strict)
}

/**
 * Loses every so many datagrams between the homes' routers, and delays them where the kernel can. Says what it does.
 */
export function impair({ lossPct, jitterMs }) {
  nft(
    'middle',
    `table ip bad { chain forw { type filter hook forward priority 0; meta l4proto udp numgen random mod 100 < ${lossPct} drop; }; }`
  )
  const delayed = ['homeA', 'homeB'].every(
    place =>
      spawnSync('ip', [
        'netns',
        'exec',
        nameOf('middle'),
        'tc',
        'qdisc',
        'replace',
        'dev',
        place,
        'root',
        'netem',
        'delay',
        `${jitterMs}ms`,
        `${jitterMs}ms`
      ]).status === 0
  )
  return { delayed }
}

/** Takes it all away. */
export function clear() {
  for (const place of PLACES) spawnSync('ip', ['netns', 'del', nameOf(place)])
}
