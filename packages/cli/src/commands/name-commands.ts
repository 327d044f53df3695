import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import type { OwnProfileJson } from '@xcord/sdk'
import type { Api } from '../api/api.ts'
import { usage } from '../errors/outcome.ts'
import { safeLine } from '../render/sanitize.ts'
import { fields } from '../render/table.ts'
import { readPieces, sizeText, toStandardOutput, writePieces } from './file-pieces.ts'
import { handOver, reachAny } from './hand-over.ts'
import { resolveMember, resolveServer } from './resolve.ts'
import { openApi, type Session } from './session.ts'
import { type Options, type Shell, textOf } from './shell.ts'

function showProfile({ identity, name, avatar }: OwnProfileJson): string {
  return fields([
    ['name', safeLine(name)],
    ['identity', identity],
    ['avatar', avatar === null ? 'none' : `${safeLine(avatar.type)}, ${sizeText(avatar.size)}`]
  ])
}

/** Somebody's profile, and where the picture comes from. */
interface Found {
  readonly profile: OwnProfileJson
  readonly picture: () => AsyncIterable<Uint8Array>
}

async function findProfile(
  session: Session,
  api: Api,
  member: string | undefined,
  options: Options
): Promise<Found> {
  const { signal } = session
  if (member === undefined)
    return {
      profile: await api.call('getProfile'),
      picture: () => api.download('readOwnAvatar', {}, { signal })
    }
  const server = await resolveServer(session, api, textOf(options, 'server'))
  const found = await resolveMember(api, server, member)
  // A peer that has just started may have nobody to ask yet.
  if (textOf(options, 'avatarOut') !== undefined) await reachAny(session, api, server.id)
  const params = { server: server.id, member: found.id }
  return {
    profile: { identity: found.id, name: found.name, avatar: found.avatar ?? null },
    picture: () => api.download('readAvatar', { params }, { signal })
  }
}

/** `profile show`, `profile set`. */
export function registerName(program: Command, { verb }: Shell): void {
  const profile = program
    .command('profile')
    .description('the name and picture that members of your servers see')
  verb(
    profile
      .command('show [member]', { isDefault: true })
      .description('yours, or those of a member')
      .option('--avatar-out <file>', 'write the picture there; "-" is standard output')
      .option('--force', 'replace the file if it is there'),
    async (session, [member], options) => {
      const path = textOf(options, 'avatarOut')
      if (path !== undefined && path !== '-' && options['force'] !== true && existsSync(path))
        throw usage('--avatar-out', `${path} is there already; --force replaces it`)
      const api = await openApi(session, path === undefined ? 'offline' : 'online')
      const found = await findProfile(session, api, member, options)
      if (path === undefined) return session.output.answer(found.profile, () => showProfile(found.profile))
      if (path === '-') return await toStandardOutput(session, found.picture())
      const written = await writePieces(path, found.picture())
      session.output.done(
        { ...found.profile, file: path, ...written },
        () => `${showProfile(found.profile)}\nSaved the avatar to ${safeLine(path)}.`
      )
    }
  )
  verb(
    profile
      .command('set')
      .description('another name or picture, in all your servers and on all your devices')
      .option('--name <name>', 'at most 100 bytes')
      .option('--avatar <file>', 'PNG, JPEG, WebP or GIF, at most 262,144 bytes; "-" is standard input')
      .option('--no-avatar', 'without a picture'),
    async (session, _args, options) => {
      const name = textOf(options, 'name')
      const { avatar } = options
      if (name === undefined && avatar === undefined)
        throw usage('--name', 'say --name, --avatar or --no-avatar')
      const api = await openApi(session, 'online')
      const set = await api.call('setProfile', {
        body: {
          ...(name === undefined ? {} : { name }),
          ...(avatar === undefined
            ? {}
            : { avatar: typeof avatar === 'string' ? await taken(session, api, avatar) : null })
        }
      })
      session.output.done(set, () => showProfile(set))
      for (const { id } of (await api.call('listServers')).items) await handOver(session, api, id)
    }
  )
}

/** Hands the picture to the peer. */
async function taken(session: Session, api: Api, path: string): Promise<string> {
  const { signal } = session
  return (await api.upload('uploadFile', {}, readPieces(session, path), { signal })).upload
}
