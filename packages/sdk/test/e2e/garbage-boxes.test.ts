/** Whole peers over the memory network: a sender whose boxes open for nobody but itself (EK14, ND25). */
import { expect, test } from 'vitest'
import { idToBytes } from '@xcord/core/base'
import { readBoxes } from '@xcord/core/crypto'
import { signKeyRecord } from '@xcord/core/e2ee'
import { createWorld, publishContent, replicaOf } from './faults.fixture.ts'
import { publishPlan } from '../../../core/src/node/replica/publish.ts'
import { texts, until } from './peers.fixture.ts'

test('[EK14, ND25] a box of garbage has a cause, is asked about, and is healed by whoever holds the key', async () => {
  const world = await createWorld()
  try {
    const ada = await world.open('ada')
    const server = await ada.servers.create({ name: 'Engine' })
    const alan = await world.open('alan')
    const alans = await alan.servers.join((await server.invites.create()).link as string)
    await until('alan is known', () => server.members.get('alan') !== undefined)
    const log = await server.channels.create({ name: 'log', history: 'join' })
    await until('alan sees it', () => alans.channels.get('log') !== undefined)
    await replicaOf(server).do(work => {
      const { ring, deps } = work.state
      const choice = ring.epochFor(deps.random, log.id, Date.now())
      if (choice.kind !== 'plan') throw new Error(choice.kind)
      const records = choice.plan.records.map(record => {
        if (record.body.kind !== 'epoch') return record
        const boxes = record.body.boxes.slice()
        const rids = readBoxes(boxes, 640)?.rids() ?? []
        const own = rids.findIndex(rid =>
          Buffer.from(rid.subarray(0, 12)).equals(idToBytes(work.state.user).subarray(0, 12))
        )
        for (const [index] of rids.entries())
          if (index !== own) boxes.fill(7, 32 + index * 64 + 16, 32 + index * 64 + 64)
        const { suite, account } = deps
        return signKeyRecord(suite, account.device.signingKey, {
          server: server.id,
          frontier: record.frontier,
          body: { ...record.body, boxes }
        })
      })
      publishPlan(work, { ...choice.plan, records })
      publishContent(work, log.id, {
        kind: 'message',
        content: 'can you read this?',
        replyTo: null,
        mentions: { users: [], roles: [], everyone: false },
        attachments: []
      })
    })
    const causes = new Set<string>()
    await until('alan reads', async () => {
      for (const each of alans.unopened()) causes.add(each.cause)
      return (await texts(alans, 'log')).join() === 'can you read this?'
    })
    expect([...causes]).toContain('key-asked')
    expect(alans.unopened()).toEqual([])
  } finally {
    await world.end()
  }
})
