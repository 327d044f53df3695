/** docs/spec/vectors/envelope/publishers.json: what a node that checks publishers is given in turn, and what it says. */
import { idFromBytes } from '../src/base/index.ts'
import type { SigningKey, Suite } from '../src/crypto/index.ts'
import { utf8 } from '../src/encoding/index.ts'
import {
  type AclFields,
  createPublisherCheck,
  encodeBundle,
  type Envelope,
  linkAfter,
  type PublisherCheck,
  sealEnvelope,
  signAclHead,
  signGateCert
} from '../src/graph/index.ts'
import { fill, toHex } from './vector-tools.ts'

const NOW = 1_700_000_000_000
const WEEK = 604_800_000

interface Step {
  readonly why: string
  readonly give: 'head' | 'certificate' | 'envelope' | 'bundle'
  readonly bytes: Uint8Array
  /** ms after the first. */
  readonly after?: number
}

/** Everything signed that the steps are made of. */
function maker(suite: Suite): {
  root: SigningKey
  head(over?: Partial<AclFields>, by?: SigningKey): Uint8Array
  cert(over?: { tag?: Uint8Array; by?: SigningKey; of?: SigningKey; notAfter?: number }): Uint8Array
  write(text: string, last?: Envelope, tag?: Uint8Array): Envelope
  delegate: SigningKey
  gate: SigningKey
  later: SigningKey
} {
  const key = (value: number): SigningKey => suite.signingKey(fill(value))
  const [root, delegate, gate, later, author] = [key(31), key(32), key(21), key(22), key(11)] as [
    SigningKey,
    SigningKey,
    SigningKey,
    SigningKey,
    SigningKey
  ]
  return {
    root,
    delegate,
    gate,
    later,
    head: (over = {}, by = root) =>
      signAclHead(suite, by, {
        aclRoot: root.publicKey,
        rootGeneration: 1,
        generation: 1,
        tag: fill(4, 16),
        previousTag: null,
        gate: gate.publicKey,
        previousGate: null,
        aclKeys: [delegate.publicKey],
        rate: { envelopesPerSecond: 5, burst: 100 },
        ...over
      }),
    cert: ({ tag = fill(4, 16), by = gate, of = author, notAfter = NOW + WEEK } = {}) =>
      signGateCert(suite, by, { tag, device: idFromBytes('d', of.publicKey), notAfter }),
    write: (text, last, tag = fill(4, 16)) =>
      sealEnvelope(suite, {
        type: 1,
        tag,
        keyRef: fill(5, 16),
        link: linkAfter(last),
        nonce: fill(6, 24),
        signingKey: author,
        key: fill(3),
        server: idFromBytes('s', fill(1)),
        channel: idFromBytes('c', fill(2)),
        payload: utf8(text)
      })
  }
}

function steps(suite: Suite): readonly Step[] {
  const { head, cert, write, delegate, later, root, gate } = maker(suite)
  const first = write('first')
  const second = write('second', first)
  const fifth = write('fifth', write('fourth', write('third', second)))
  const forged = second.bytes.slice()
  forged[forged.length - 1] = (forged.at(-1) as number) ^ 1
  const newTag = fill(9, 16)
  const stranger = suite.signingKey(fill(12))
  return [
    { why: 'no certificate yet', give: 'envelope', bytes: first.bytes },
    { why: 'by another gate', give: 'certificate', bytes: cert({ by: later }) },
    { why: 'run out', give: 'certificate', bytes: cert({ notAfter: NOW }) },
    { why: 'too long', give: 'certificate', bytes: cert({ notAfter: NOW + WEEK + 1 }) },
    { why: "another device's", give: 'certificate', bytes: cert({ of: stranger }) },
    { why: 'still no certificate of the author', give: 'envelope', bytes: first.bytes },
    { why: "the author's", give: 'certificate', bytes: cert() },
    { why: 'now it passes', give: 'envelope', bytes: first.bytes },
    { why: 'seen before', give: 'envelope', bytes: first.bytes },
    { why: 'forged', give: 'envelope', bytes: forged },
    { why: 'a bundle of which one was seen', give: 'bundle', bytes: encodeBundle([first, second]) },
    { why: 'a gap is no matter', give: 'envelope', bytes: fifth.bytes },
    { why: 'a second envelope at a place', give: 'envelope', bytes: write('other').bytes },
    { why: 'a tag the head does not name', give: 'certificate', bytes: cert({ tag: newTag }) },
    { why: 'under it', give: 'envelope', bytes: write('moved', fifth, newTag).bytes },
    { why: 'by nobody it lists', give: 'head', bytes: head({ generation: 2, aclKeys: [] }, stranger) },
    {
      why: 'a delegate adds a delegate',
      give: 'head',
      bytes: head({ generation: 2, aclKeys: [delegate.publicKey, fill(255)] }, delegate)
    },
    {
      why: 'another gate, the one before counts on',
      give: 'head',
      bytes: head(
        {
          generation: 2,
          gate: later.publicKey,
          previousGate: gate.publicKey
        },
        delegate
      )
    },
    { why: 'rolled back', give: 'head', bytes: head() },
    { why: 'by the gate before', give: 'certificate', bytes: cert({ notAfter: NOW + WEEK - 1 }) },
    { why: 'a week later', give: 'certificate', bytes: cert({ notAfter: NOW + WEEK + 1 }), after: WEEK },
    {
      why: 'after a ban',
      give: 'head',
      bytes: head({ generation: 3, gate: later.publicKey }, root),
      after: WEEK
    },
    { why: 'by the gate of the banned', give: 'envelope', bytes: write('late', fifth).bytes, after: WEEK }
  ]
}

/** What the check says of one step, as the file has it. */
function tell(check: PublisherCheck, { give, bytes, after = 0 }: Step): { rule?: string; fate?: string } {
  const take = {
    head: () => check.takeHead(bytes, NOW + after),
    certificate: () => check.takeCertificate(bytes, NOW + after),
    envelope: () => check.takeEnvelope(bytes, NOW + after),
    bundle: () => check.takeBundle(bytes, NOW + after)
  }
  const verdict: { ok: boolean } = take[give]()
  if (!('rule' in verdict)) return {}
  return { rule: String(verdict.rule), ...('fate' in verdict ? { fate: String(verdict.fate) } : {}) }
}

/** The file. */
export function publishers(suite: Suite): object {
  const { root, head } = maker(suite)
  const begun = createPublisherCheck(suite, { aclRoot: root.publicKey, head: head(), now: NOW })
  if (!begun.ok) throw new Error(begun.reason)
  return {
    title: 'A node that checks publishers: steps in order',
    rules: 'EN11–EN13, EN16–EN20',
    aclRoot: toHex(root.publicKey),
    head: toHex(head()),
    now: NOW,
    steps: steps(suite).map(step => ({
      why: step.why,
      after: step.after ?? 0,
      give: step.give,
      bytes: toHex(step.bytes),
      ...tell(begun.value, step)
    }))
  }
}
