/** What a result is worth only beside: the machine, the commit, the versions. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'

function git(...args) {
  try {
    return execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return undefined
  }
}

/** Version of an installed package. */
function versionOf(name) {
  try {
    return JSON.parse(
      readFileSync(new URL(`../../node_modules/${name}/package.json`, import.meta.url), 'utf8')
    ).version
  } catch {
    return undefined
  }
}

export function describeMachine() {
  return {
    commit: git('rev-parse', '--short=10', 'HEAD') ?? 'unknown',
    changed: (git('status', '--porcelain', '--untracked-files=no', '--', 'packages') ?? '') !== '',
    node: process.versions.node,
    openssl: process.versions.openssl,
    libp2p: versionOf('libp2p'),
    gossipsub: versionOf('@libp2p/gossipsub'),
    platform: `${process.platform} ${process.arch}`,
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    loadBefore: Number(loadavg()[0].toFixed(2))
  }
}
