/** Serves a gateway on a Unix socket that only its owner may open. */
import { chmodSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname } from 'node:path'
import { XcordError } from '@xcord/core'
import type { FastifyInstance } from 'fastify'
import { ensurePrivateFolder } from '../profile/paths.ts'

/** Whether something accepts connections at a socket. */
export function answers(socketPath: string): Promise<boolean> {
  return new Promise(resolve => {
    const probe = connect(socketPath)
    probe.once('connect', () => {
      probe.destroy()
      resolve(true)
    })
    probe.once('error', () => resolve(false))
  })
}

/**
 * Listens. Call it only while holding the profile: then a socket nobody answers at is a dead owner's, and is
 * removed. XCORD_PROFILE_IN_USE where somebody answers.
 */
export async function listenOn(app: FastifyInstance, socketPath: string, folder: string): Promise<void> {
  const pipe = process.platform === 'win32'
  if (await answers(socketPath)) {
    throw new XcordError('XCORD_PROFILE_IN_USE', 'another process serves this profile', { path: folder })
  }
  if (!pipe) {
    ensurePrivateFolder(dirname(socketPath))
    rmSync(socketPath, { force: true })
  }
  // The mode must be right from the first moment, not from chmod on.
  const before = process.umask(0o177)
  try {
    await app.listen({ path: socketPath })
  } finally {
    process.umask(before)
  }
  if (!pipe) chmodSync(socketPath, 0o600)
}
