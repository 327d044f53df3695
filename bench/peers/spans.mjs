/** The tree of range reconciliation (SY6), from a fixed seed. */
import { RangeTree } from '@xcord/core/sync'
import { serve } from './serve.mjs'

let tree
let entries
let state = 1

function next() {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
  return state
}

function entry(count) {
  let share = 0n
  for (let i = 0; i < 4; i++) share = (share << 32n) | BigInt(next())
  return { time: next() % (count * 10), share }
}

/** A pair of places in order. */
function range(count) {
  const [a, b] = [entry(count), entry(count)]
  return a.time <= b.time ? [a, b] : [b, a]
}

function timed(times, run) {
  const began = performance.now()
  for (let i = 0; i < times; i++) run(i)
  return ((performance.now() - began) * 1_000) / times
}

serve({
  load: () => undefined,
  grow: ({ count }) => {
    entries = Array.from({ length: count }, () => entry(count))
    tree = RangeTree.of(entries)
  },
  measure: () => {
    const count = entries.length
    const some = Array.from({ length: 2_000 }, () => range(count))
    for (const [from, to] of some) tree.measure(from, to)
    const micros = timed(some.length, i => tree.measure(...some[i]))
    const flatMicros = timed(3, i => {
      const [from, to] = some[i]
      let sum = 0n
      for (const each of entries) if (each.time >= from.time && each.time < to.time) sum += each.share
      return sum
    })
    const more = Array.from({ length: 2_000 }, () => entry(count))
    return { micros, flatMicros, addMicros: timed(more.length, i => tree.add(more[i])) }
  }
})
