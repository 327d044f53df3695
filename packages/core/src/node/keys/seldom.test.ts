import { expect, test } from 'vitest'
import type { LiveReplica } from '../replica/replica.ts'
import { seldom } from './seldom.ts'

/** A server whose look takes a while, and a clock that is turned by hand. */
function world(lookMs: number) {
  const later: { at: number; run: () => void }[] = []
  let [at, operations, looks] = [1_000, 0, 0]
  const replica = {
    current: {
      log: { count: () => operations },
      recordIds: new Set(),
      pending: new Map()
    },
    later: (ms: number, run: () => void) => {
      const entry = { at: at + ms, run }
      later.push(entry)
      return () => void later.splice(later.indexOf(entry), 1)
    }
  } as unknown as LiveReplica
  const duties = seldom(
    () => at,
    () => {
      looks += 1
      at += lookMs
    }
  )
  return {
    duties,
    replica,
    looks: () => looks,
    operate: () => {
      operations += 1
      duties.consider(replica)
    },
    pass: (ms: number) => {
      at += ms
      for (const due of later.filter(each => each.at <= at)) {
        later.splice(later.indexOf(due), 1)
        due.run()
      }
    }
  }
}

test('[EK14] what many operations call for is looked at together, the last included', () => {
  const { operate, pass, looks, replica, duties } = world(0)
  for (let count = 0; count < 1_000; count++) operate()
  expect(looks()).toBe(1)
  pass(100)
  expect(looks()).toBe(2)
  pass(100)
  duties.consider(replica)
  expect(looks()).toBe(2)
})

test('[EK14] a server that takes long to look at is left alone for longer', () => {
  const { operate, pass, looks } = world(300)
  operate()
  operate()
  pass(5_000)
  expect(looks()).toBe(1)
  pass(1_000)
  expect(looks()).toBe(2)
})

test('[EK14] a server that is forgotten is not looked at again', () => {
  const { operate, pass, looks, duties, replica } = world(0)
  operate()
  operate()
  duties.forget(replica)
  pass(1_000)
  expect(looks()).toBe(1)
})
