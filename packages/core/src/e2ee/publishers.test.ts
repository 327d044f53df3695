/** Members of a real server at a node that reads nothing (EN11–EN13, EN17): which of them it lets through, and when. */
import { describe, expect, it } from 'vitest'
import { idAs } from '../base/index.ts'
import { draftBan, draftRoleAssign, draftRoleCreate } from '../authority/index.ts'
import { createPublisherCheck, type PublisherCheck, signAclHead, signGateCert } from '../graph/index.ts'
import type { TopicKeys } from './contract.ts'
import { suite } from './peers.fixture.ts'
import { found, type Peer, time } from './real-peers.fixture.ts'

const root = suite.signingKey(new Uint8Array(32).fill(31))

function announced(peer: Peer, generation: number): Uint8Array {
  const { tag, gatePublicKey } = peer.ring.currentTopic() as TopicKeys
  return signAclHead(suite, root, {
    aclRoot: root.publicKey,
    rootGeneration: 1,
    generation,
    tag,
    previousTag: null,
    gate: gatePublicKey,
    previousGate: null,
    aclKeys: [],
    rate: { envelopesPerSecond: 5, burst: 100 }
  })
}

/** Ada's server, Grace who may ban and does not manage, Alan and Bob; and a node with Ada's head. */
function stage(): Record<'ada' | 'grace' | 'alan' | 'bob', Peer> &
  Pick<ReturnType<typeof found>, 'general'> & { node: PublisherCheck } {
  const { ada, general, join } = found()
  const [grace, alan, bob] = [join(2), join(3), join(4)] as [Peer, Peer, Peer]
  const crew = ada.operate(
    draftRoleCreate({ name: 'crew', position: Uint8Array.of(5), permissions: ['BanMembers'] })
  )
  ada.operate(draftRoleAssign(grace.account.user, idAs('r', crew.id)))
  for (const peer of [grace, alan, bob]) peer.meet(ada)
  const node = createPublisherCheck(suite, {
    aclRoot: root.publicKey,
    head: announced(ada, 1),
    now: time.now
  })
  if (!node.ok) throw new Error(node.reason)
  return { ada, grace, alan, bob, general, node: node.value }
}

/** What a member does: certifies its device for its topic by the gate that the node announces, and publishes. */
function publishes(peer: Peer, node: PublisherCheck, bytes: Uint8Array): boolean {
  const gate = peer.ring.gateKey(node.head.gate)
  const { tag } = peer.ring.currentTopic() as TopicKeys
  const { device } = peer.account.device
  if (gate !== undefined)
    node.takeCertificate(signGateCert(suite, gate, { tag, device, notAfter: time.now + 1_000 }), time.now)
  return node.takeEnvelope(bytes, time.now).ok
}

describe('members at a node that reads nothing', () => {
  it('[EN11, EN13, EN17] T18: a moderator without ManageServer bans; members go on', () => {
    const { ada, grace, alan, bob, general, node } = stage()
    expect(publishes(bob, node, bob.send(general, 'before'))).toBe(true)
    grace.operate(draftBan(alan.account.user))
    grace.rotate()
    const tags = [node.head.tag, (grace.ring.currentTopic() as TopicKeys).tag]
    expect(tags[0]).not.toEqual(tags[1])
    // Nobody who may sign a head is there: the node still announces the gate from before the ban.
    bob.meet(grace)
    expect(publishes(bob, node, bob.send(general, 'after'))).toBe(true)
    expect(publishes(grace, node, grace.send(general, 'after'))).toBe(true)
    // That gate is also the banned one's, until there is another: this much is not promised.
    expect(publishes(alan, node, alan.send(general, 'still'))).toBe(true)
    // Once the owner is back, the banned is out there too, and the others go on.
    ada.meet(grace)
    expect(node.takeHead(announced(ada, 2), time.now).ok).toBe(true)
    expect(publishes(alan, node, alan.send(general, 'later'))).toBe(false)
    expect(publishes(bob, node, bob.send(general, 'later'))).toBe(true)
  })

  it('[EN11] whoever was banned has no key of the gate announced after the ban', () => {
    const { ada, alan, bob, general, node } = stage()
    expect(publishes(alan, node, alan.send(general, 'before'))).toBe(true)
    ada.operate(draftBan(alan.account.user))
    ada.rotate()
    expect(node.takeHead(announced(ada, 2), time.now).ok).toBe(true)
    for (const peer of [alan, bob]) peer.meet(ada)
    const keys = [ada, bob, alan].map(peer => peer.ring.gateKey(node.head.gate))
    expect(keys.map(key => key?.publicKey)).toEqual([node.head.gate, node.head.gate, undefined])
    expect(publishes(bob, node, bob.send(general, 'after'))).toBe(true)
  })
})
