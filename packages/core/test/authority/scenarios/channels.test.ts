/** AU-S: synced channels. */
import { describe, expect, it } from 'vitest'
import { idAs } from '../../../src/base/index.ts'
import { draft, draftChannelCreate, draftKick, permissionsToBits } from '../../../src/authority/index.ts'
import { START, type Site } from '../cast.ts'
import { Stage, standingIn, apart } from '../ladder.ts'

describe('[AU-S] channels', () => {
  it('[AU31] a synced channel reads its category, and what moved it there is part of the proof', () => {
    const stage = new Stage({ c: 5, x: 0 })
    const everyone = idAs('r', stage.site.log.server)
    const open = idAs(
      'c',
      stage.site.act(
        stage.who('o'),
        draftChannelCreate({
          kind: 'category',
          name: 'open',
          position: Uint8Array.of(1),
          overwrites: [{ target: everyone, allow: ['ManageMessages'] }]
        })
      ).id
    )
    const plain = idAs(
      'c',
      stage.site.act(
        stage.who('o'),
        draftChannelCreate({ kind: 'category', name: 'plain', position: Uint8Array.of(2) })
      ).id
    )
    const channel = idAs(
      'c',
      stage.site.act(
        stage.who('o'),
        draftChannelCreate({ kind: 'text', name: 'c', position: Uint8Array.of(3), parent: plain })
      ).id
    )
    expect(stage.site.log.state().channel(channel)).toMatchObject({ synced: true, overwrites: [] })
    const [left, right] = apart(stage) as [Site, Site]
    left.act(stage.who('o'), draftKick(stage.user('c')))
    const moved = right.act(
      stage.who('c'),
      draft('channelMove', { channel, parent: open, position: Uint8Array.of(3), reason: null })
    )
    expect(
      right.log.state().permissions(stage.user('x'), channel, START) & permissionsToBits(['ManageMessages'])
    ).not.toBe(0n)
    const x = stage.who('x')
    const act = {
      device: x.device,
      seq: 1,
      id: idAs('m', moved.id),
      channel,
      auth: right.log.frontierFor(x.device),
      at: right.now,
      needs: ['ManageMessages']
    }
    expect(right.log.judge(act).kind).toBe('visible')
    const log = stage.converge(left, right)
    expect(standingIn(log, moved)).toBe('voided')
    // AU38: deleting another's message needs ManageMessages, by what its author had seen and by what is known now.
    expect(log.judge(act)).toMatchObject({ kind: 'hidden', rule: 'AU36' })
    expect(log.judge({ ...act, auth: log.frontierFor(x.device) })).toMatchObject({
      kind: 'rejected',
      rule: 'AU35'
    })
  })
})
