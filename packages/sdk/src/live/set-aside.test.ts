/** Words for the rules by which operations fall. */
import { expect, test } from 'vitest'
import { setAsideBy } from './set-aside.ts'

test('[AU18, AU19, AU20, AU21, AU22, AU26] every rule that sets an operation aside has words, and one that is new its number', () => {
  const rules = ['AU18', 'AU19', 'AU20', 'AU21', 'AU22', 'AU26']
  const words = rules.map(setAsideBy)
  expect(new Set(words).size).toBe(rules.length)
  for (const each of words) expect(each).not.toMatch(/AU\d|\.$/)
  expect(setAsideBy('AU99')).toBe('rule AU99 sets it aside')
})
