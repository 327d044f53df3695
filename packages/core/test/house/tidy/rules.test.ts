import { describe, expect, it } from 'vitest'
import {
  owedRules,
  readAllowed,
  readRepository,
  statedRules,
  testedRules
} from '../../../../../scripts/rules.mjs'

const owed = owedRules(readRepository())
const allowed = readAllowed()
const without = (list: readonly string[], other: readonly string[]): string[] =>
  list.filter(each => !other.includes(each))

describe('numbered rules', () => {
  it('every rule of docs/spec has a test titled with its number', () => {
    expect(without(owed.withoutTest, allowed.withoutTest), 'write a test titled "[<rule>] ..."').toEqual([])
  })

  it('every rule that code or a test names is stated in docs/spec', () => {
    expect(
      without(owed.withoutText, allowed.withoutText),
      'state it as "**<rule>** ..." in docs/spec'
    ).toEqual([])
  })

  it('no number is used twice', () => {
    expect(owed.statedTwice).toEqual([])
  })

  it('docs/spec/untested.json only shrinks', () => {
    const message = 'no longer owed: npm run rules -- --write takes it off the list'
    expect(without(allowed.withoutTest, owed.withoutTest), message).toEqual([])
    expect(without(allowed.withoutText, owed.withoutText), message).toEqual([])
  })
})

describe('numbered rules can fail', () => {
  const spec = [
    { path: 'graph.md', text: '**GR1** Heads have no child.\n\n- **GR2** Parents come first (GR1).\n' }
  ]
  const source = { path: 'heads.ts', text: '/** As GR1 and GR9 say. */' }
  const test = { path: 'heads.test.ts', text: "it('[GR1] keeps heads', () => {})\nit('[GR8] x', () => {})" }

  it('finds what is untested, unstated and stated twice', () => {
    expect(owedRules({ spec, sources: [source], tests: [test] })).toEqual({
      withoutTest: ['GR2'],
      withoutText: ['GR8', 'GR9'],
      statedTwice: []
    })
    expect(owedRules({ spec: [...spec, ...spec], sources: [], tests: [] }).statedTwice).toEqual([
      'GR1',
      'GR2'
    ])
  })

  it('takes a rule as stated only where a line opens with it', () => {
    expect([
      ...statedRules([{ path: 'a.md', text: 'See **AU1**.\n**AU2** Yes.\n### **AU3** Yes\n' }]).keys()
    ]).toEqual(['AU2', 'AU3'])
  })

  it('reads several rules and ranges in one title', () => {
    const text = "it('[AU7, AU9] x')\nit('[EK1–EK3] y')\nit('[EN1][EN2] z')\nconst a = list[0]"
    expect([...testedRules([{ path: 'x.test.ts', text }]).keys()]).toEqual([
      'AU7',
      'AU9',
      'EK1',
      'EK2',
      'EK3',
      'EN1',
      'EN2'
    ])
  })
})
