import { type Client, type ClientInit, createClient, type Message } from '@xcord/sdk'

/** The three lines: who I am, where I belong, what I say. */
export async function hello(
  invite: string,
  init: ClientInit = {}
): Promise<{ client: Client; message: Message }> {
  const client = await createClient({ profile: { name: 'Ada' }, ...init })
  const server = await client.servers.join(invite)
  const message = await server.channel('general').send('Hello, peers')
  return { client, message }
}
