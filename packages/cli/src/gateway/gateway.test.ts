import { expect, test } from 'vitest'
import { createFakeClient } from '../../test/fake-client.ts'
import { createGateway } from './gateway.ts'

const headers = { host: 'localhost' }

test('smoke', async () => {
  const client = createFakeClient()
  const app = await createGateway({ client, profile: 'default', socket: null, version: '0', host: 'command', now: () => 5 })
  const made = await app.inject({ method: 'POST', url: '/v1/servers', headers, payload: { name: 'S', junk: 1 } })
  console.log(made.statusCode, made.body)
  const list = await app.inject({ url: '/v1/servers', headers })
  console.log(list.statusCode, list.body)
  const channel = client.servers.all[0]!.channels.all[0]!
  const sent = await app.inject({ method: 'POST', url: `/v1/channels/${channel.id}/messages`, headers, payload: { content: 'hi' } })
  console.log(sent.statusCode, sent.body)
  console.log((await app.inject({ url: '/v1/servers/nope', headers })).body)
  console.log((await app.inject({ method: 'POST', url: '/v1/servers', headers, payload: {} })).body)
  console.log((await app.inject({ method: 'POST', url: '/v1/servers', payload: '{', headers: { ...headers, 'content-type': 'application/json' } })).body)
  console.log((await app.inject({ url: '/v1/servers' , headers: {host: 'evil.example'}})).body)
  const doc = (await app.inject({ url: '/openapi.json', headers })).json()
  console.log(JSON.stringify(doc).slice(0, 1500), Object.keys(doc.components.schemas))
  expect(1).toBe(1)
  await app.close()
})
