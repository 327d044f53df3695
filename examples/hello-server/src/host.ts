import { type Client, type ClientInit, createClient, type Message } from '@xcord/sdk'

/** Founds a server, and tells of what others say in it. */
export async function host(
  onMessage: (message: Message) => void,
  init: ClientInit = {}
): Promise<{ client: Client; link: string }> {
  const client = await createClient({ profile: { name: 'Charles' }, ...init })
  client.on('message:create', ({ message }) => {
    if (message.author.id !== client.identity.id) onMessage(message)
  })
  const server = await client.servers.create({ name: 'Difference Engine', channels: ['general'] })
  const { link } = await server.invites.create()
  if (link === undefined) throw new Error('an invite made here has its link')
  return { client, link }
}
