/** One profile for all own devices (ND60, ND61): a small world of devices and servers, in any order. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type DeviceId, idFromBytes } from '../../base/index.ts'
import { type KnownProfile, looksAs, outranks } from './known-profile.ts'
import { profileDuty, revisionFor } from './own-profile.ts'

const DEVICES = [1, 2, 3].map(each => idFromBytes('d', new Uint8Array(32).fill(each)))
const [A, B] = DEVICES as [DeviceId, DeviceId]
const named = (name: string, revision: number, device: DeviceId): KnownProfile => ({
  name,
  avatar: null,
  revision,
  device
})
const always = (): boolean => true

describe('what is to be done about our profile in a server', () => {
  it('[ND61] is nothing where it is as it should be, whoever said it', () => {
    const place = { self: A, isActive: always, isThere: always }
    const own = named('ada', 2, A)
    expect(profileDuty({ ...place, own, known: own })).toBe('nothing')
    expect(profileDuty({ ...place, own, known: named('ada', 1, B) })).toBe('nothing')
    expect(profileDuty({ ...place, own, known: named('old', 1, B) })).toBe('say')
    expect(profileDuty({ ...place, own, known: undefined })).toBe('say')
    expect(profileDuty({ ...place, own, known: named('new', 3, B) })).toBe('adopt')
    // Set by another device that is there: its matter.
    expect(profileDuty({ ...place, own: named('ada', 2, B), known: named('old', 1, B) })).toBe('nothing')
    expect(
      profileDuty({ ...place, own: named('ada', 2, B), known: named('old', 1, B), isThere: () => false })
    ).toBe('say')
  })

  it('[ND61] of a device that was revoked nothing is taken, and what it said is said anew', () => {
    const place = { self: A, isActive: (device: DeviceId) => device === A, isThere: always }
    expect(profileDuty({ ...place, own: named('ada', 2, A), known: named('eve', 9, B) })).toBe('say')
    expect(profileDuty({ ...place, own: named('ada', 2, A), known: named('ada', 2, B) })).toBe('say')
    // Put out itself, it says nothing any more.
    expect(profileDuty({ ...place, self: B, own: named('ada', 2, B), known: undefined })).toBe('nothing')
    // A device that just came knows nothing better.
    expect(profileDuty({ ...place, own: named('x', 0, A), known: named('ada', 2, B) })).toBe('adopt')
  })

  it('[ND60] is said under its own number where that counts, else under one that does', () => {
    const number = (own: KnownProfile, known?: KnownProfile): number =>
      revisionFor({ own, known, self: A, isThere: always })
    expect(number(named('ada', 0, A))).toBe(1)
    expect(number(named('ada', 5, A), named('old', 4, B))).toBe(5)
    expect(number(named('ada', 5, A), named('old', 5, B))).toBe(6)
    expect(number(named('ada', 5, B), named('old', 4, A))).toBe(6)
    // What a device said that was put out counts less than anything.
    const out = named('eve', Number.MAX_SAFE_INTEGER, B)
    expect(revisionFor({ own: named('ada', 5, A), known: out, self: A, isThere: each => each === A })).toBe(5)
  })
})

/** Servers hold what counts; each device looks at one of its servers at a time. */
class World {
  readonly own = new Map<DeviceId, KnownProfile>(DEVICES.map(each => [each, named('first', 0, each)]))
  readonly known: (KnownProfile | undefined)[] = []
  readonly members: readonly (readonly DeviceId[])[]
  /** Everything that was ever said, by server: members hear it in other orders. */
  readonly said: KnownProfile[][]
  constructor(members: readonly (readonly DeviceId[])[]) {
    this.members = members
    this.said = members.map(() => [])
  }

  set(device: DeviceId, name: string): void {
    const before = this.own.get(device) as KnownProfile
    this.own.set(device, named(name, Math.max(before.revision, 1) + 2, device))
  }

  /** True where something was done. */
  look(device: DeviceId, server: number): boolean {
    const there = this.members[server] as readonly DeviceId[]
    if (!there.includes(device)) return false
    const own = this.own.get(device) as KnownProfile
    const place = {
      own,
      known: this.known[server],
      self: device,
      isActive: always,
      isThere: (each: DeviceId) => there.includes(each)
    }
    const duty = profileDuty(place)
    if (duty === 'adopt') this.own.set(device, place.known as KnownProfile)
    if (duty === 'say') {
      const said = named(own.name, revisionFor(place), device)
      this.own.set(device, said)
      this.said[server]?.push(said)
      if (outranks(said, this.known[server], always)) this.known[server] = said
    }
    return duty !== 'nothing'
  }
}

it('[ND61] however devices set and hear it, all servers and devices end with one profile, after few sayings', () => {
  const step = fc.oneof(
    fc.record({ device: fc.constantFrom(...DEVICES), name: fc.constantFrom('x', 'y', 'z') }),
    fc.record({ device: fc.constantFrom(...DEVICES), server: fc.nat(2) })
  )
  // The first device is in every server, so that all hear of each other in the end.
  const members = fc.array(fc.subarray([...DEVICES.slice(1)]), { minLength: 3, maxLength: 3 })
  fc.assert(
    fc.property(members, fc.array(step, { maxLength: 30 }), (others, steps) => {
      const world = new World(others.map(each => [A, ...each]))
      let sets = 0
      for (const each of steps) {
        if ('name' in each) world.set(each.device, `${each.name}${sets++}`)
        else world.look(each.device, each.server)
      }
      let rounds = 0
      for (let busy = true; busy; rounds++) {
        busy = false
        for (const device of DEVICES)
          for (const server of [0, 1, 2]) busy = world.look(device, server) || busy
        expect(rounds, 'it comes to rest').toBeLessThan(12)
      }
      const shown = world.known.map(each => each?.name)
      expect(new Set(shown).size).toBe(1)
      for (const device of DEVICES)
        if (world.members.some(each => each.includes(device)))
          expect(looksAs(world.own.get(device) as KnownProfile, world.known[0] as KnownProfile)).toBe(true)
      expect(world.said.flat().length).toBeLessThanOrEqual(3 * (sets + 1) + 9)
    }),
    { numRuns: Number(process.env['XCORD_RUNS'] ?? 300) }
  )
})
