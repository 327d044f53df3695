/** The encoder as it is: how much it is to send is changed on either side, and the other is told nothing. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'

it('[VX70] either side sends less and more as it is told, and nothing is negotiated for it', async () => {
  const child = spawn(
    process.execPath,
    ['--conditions=xcord-source', join(import.meta.dirname, 'rate.fixture.ts')],
    { stdio: ['ignore', 'pipe', 'inherit'] }
  )
  let text = ''
  child.stdout.on('data', (part: Buffer) => (text += part.toString()))
  await new Promise(resolve => child.once('close', resolve))
  expect(text.trim().split('\n')).toEqual(['0 12', '1 12', '0 24', '1 24', 'told 0'])
})
