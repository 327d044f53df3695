/** `device list`, `device link`, `device revoke`: the devices of this identity. */
import type { Command } from 'commander'
import type { DeviceJson, LinkSign } from '@xcord/sdk'
import { safeLine } from '../render/sanitize.ts'
import { shortId, table } from '../render/table.ts'
import { relativeTime } from '../render/time.ts'
import { confirm, openApi, type Session } from './session.ts'
import { argument, type Options, type Shell } from './shell.ts'

/** Six signs with their names, as they are read out. */
export function showSigns(signs: readonly LinkSign[]): string {
  return signs.map(each => `  ${each.sign}  ${each.name}`).join('\n')
}

function showDevices(devices: readonly DeviceJson[], now: number): string {
  return table(devices, [
    { title: 'device', of: each => shortId(each.device) },
    { title: 'name', of: each => `${each.name}${each.current ? ' (this one)' : ''}` },
    { title: 'standing', of: each => (each.active ? 'active' : 'revoked') },
    { title: 'may manage', of: each => (each.manage ? 'yes' : 'no') },
    { title: 'added', of: each => (each.addedAt === null ? '' : relativeTime(each.addedAt, now)) }
  ])
}

/**
 * Whether the other screen shows the same. `--yes` says so without looking: for scripts that carried the code over a
 * way they trust.
 */
export async function sameSigns(session: Session, signs: readonly LinkSign[]): Promise<boolean> {
  session.output.note(`Compare with the other device:\n${showSigns(signs)}`)
  if (session.yes) return true
  const answer = await session.asker.ask('Does it show the same six, in the same order? [y/N] ')
  return /^y(es)?$/i.test(answer?.trim() ?? '')
}

async function linkDevice(session: Session, code: string): Promise<void> {
  const api = await openApi(session, 'online', 'command')
  const { link, signs } = await api.call('beginLink', { body: { code } })
  const same = await sameSigns(session, signs)
  const device = await api.call('endLink', { params: { link }, body: { same } })
  session.output.done(
    device,
    () =>
      `${safeLine(device.name)} is a device of yours now; it fetches your servers while this one is online.`
  )
}

async function revokeDevice(session: Session, text: string, options: Options): Promise<void> {
  const phrase =
    options['phrase'] === true
      ? (await session.asker.ask('Your 24 words: ', { secret: true }))?.trim().toLowerCase()
      : undefined
  await confirm(session, `Put the device "${safeLine(text)}" out for good?`)
  const api = await openApi(session, 'online')
  const device = await api.call('revokeDevice', {
    params: { device: text },
    body: phrase === undefined ? {} : { phrase }
  })
  session.output.done(
    device,
    () =>
      `${safeLine(device.name)} is revoked: it reads nothing that is written from now on. What it holds already, it keeps.`
  )
}

export function registerDevices(program: Command, { verb }: Shell): void {
  const device = program.command('device').description('the devices of this identity')
  verb(device.command('list').description('which there are'), async session => {
    const api = await openApi(session, 'offline')
    const { items } = await api.call('listDevices')
    session.output.list(items, all => showDevices(all, session.terminal.now()), '')
  })
  verb(
    device
      .command('link <code>')
      .description('add the device that shows this code ("xcord init --link" shows one)'),
    async (session, args) => await linkDevice(session, argument(args, 0))
  )
  verb(
    device
      .command('revoke <device>')
      .description('put a device out for good: lost, stolen or sold')
      .option('--phrase', 'by the 24 words, where this device may not manage the others'),
    async (session, args, options) => await revokeDevice(session, argument(args, 0), options)
  )
}
