import { describe, expect, it } from 'vitest'
import { idFromBytes, type MessageId } from '../../base/index.ts'
import { type Tip, withTip } from './tips.ts'

const id = (n: number): MessageId => idFromBytes('m', new Uint8Array(32).fill(n))
const said = (n: number, at: number, ...parents: number[]) => ({ id: id(n), at, parents: parents.map(id) })
const fold = (...all: ReturnType<typeof said>[]): number[] =>
  all.reduce<readonly Tip[]>((tips, each) => withTip(tips, each), []).map(({ at }) => at)

describe('parents of the next message', () => {
  it('[EN6] are those that no other of them names, newest first', () => {
    expect(fold(said(1, 10), said(2, 20, 1), said(3, 30, 2))).toEqual([30])
    expect(fold(said(1, 10), said(2, 20), said(3, 15))).toEqual([20, 15, 10])
    expect(fold(said(1, 10), said(2, 20), said(3, 30, 1, 2))).toEqual([30])
  })

  it('[EN6] are four at most, and none twice', () => {
    expect(fold(...[1, 2, 3, 4, 5, 6].map(n => said(n, n * 10)))).toEqual([60, 50, 40, 30])
    expect(fold(said(1, 10), said(2, 20), said(1, 10))).toEqual([20, 10])
  })

  it('[AU34] stay while the next one has to follow their time', () => {
    expect(fold(said(1, 50), said(2, 20, 1))).toEqual([50, 20])
  })
})
