/** AU-S40: as many heads as a liar cares to make cost what they are, not the square of it. */
import { expect, it } from 'vitest'
import { draft, draftKick } from '../../src/authority/index.ts'
import { signOperation } from '../../src/graph/index.ts'
import { fakeSuite, person } from '../authority/cast.ts'
import { Stage } from '../authority/ladder.ts'

const FAR = Number.MAX_SAFE_INTEGER - 1_000_000
const rename = (name: string): ReturnType<typeof draft> =>
  draft('serverSet', { rows: [{ key: 0, value: name }], reason: null })

it(
  '[AU-S40] [AU8] [AU39] ten thousand heads by one forking device are taken, cited sixteen at a time, and honest devices act on',
  { timeout: 0 },
  () => {
    const stage = new Stage({ a: 10, x: 0 })
    const { log } = stage.site
    const o = person('o')
    const base = log.place(o.device, rename('x'), stage.site.now)
    const kicked = stage.site.fork().sign(stage.who('a'), draftKick(stage.user('x')))
    for (let n = 0; n < 10_000; n++) {
      const op = signOperation(fakeSuite, o.key, { ...base, body: [[[0, `n${n}`]], null] })
      if (log.add(op, FAR).kind !== 'accepted') throw new Error('a fork is no refusal')
    }
    expect(log.heads()).toHaveLength(10_000)
    expect(log.forks()).toMatchObject([{ device: o.device }])
    expect(log.add(kicked, FAR)).toMatchObject({ kind: 'accepted', effective: true })
    for (let n = 0; n < 20; n++) {
      const placed = log.place(stage.who('a').device, rename(`a${n}`), stage.site.now)
      expect(placed.parents).toHaveLength(16)
      expect(log.add(signOperation(fakeSuite, stage.who('a').key, placed), FAR).kind).toBe('accepted')
    }
    expect(log.heads()).toHaveLength(10_001 - 20 * 15)
  }
)
