import { describe, expect, it } from 'vitest'
import { createInbox } from './inbox.ts'

describe('[ND1] inbox', () => {
  it('[ND1] handles one item at once and batches what arrives during a commit', async () => {
    const batches: number[][] = []
    let release: () => void = () => undefined
    const inbox = createInbox<number>({
      batchMax: 3,
      handle: async batch => {
        batches.push([...batch])
        if (batches.length === 1)
          await new Promise<void>(resolve => {
            release = resolve
          })
      },
      failed: error => {
        throw error
      }
    })
    inbox.push(1)
    await Promise.resolve()
    await Promise.resolve()
    for (const n of [2, 3, 4, 5]) inbox.push(n)
    release()
    await inbox.idle()
    expect(batches).toEqual([[1], [2, 3, 4], [5]])
  })

  it('[ND1] goes on after a batch failed, and refuses work once closed', async () => {
    const failed: unknown[] = []
    const done: number[] = []
    const inbox = createInbox<number>({
      batchMax: 1,
      handle: async ([n]) => {
        if (n === 1) throw new Error('disk')
        done.push(n as number)
      },
      failed: error => failed.push(error)
    })
    inbox.push(1)
    inbox.push(2)
    await inbox.close()
    inbox.push(3)
    await inbox.idle()
    expect(failed).toEqual([new Error('disk'), expect.objectContaining({ code: 'XCORD_CLOSED' })])
    expect(done).toEqual([2])
  })
})
