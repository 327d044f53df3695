import { randomBytes } from 'node:crypto'
import { mediaPortContract } from '../../voice/media-port.contract.ts'
import { createMemoryMedia } from './memory-media.ts'

mediaPortContract('memory', () => {
  const media = createMemoryMedia({
    random: { bytes: length => Uint8Array.from(randomBytes(length)) },
    timers: {
      after: (ms, run) => {
        const timer = setTimeout(run, ms)
        return () => clearTimeout(timer)
      }
    }
  })
  return [media.port(), media.port()]
})
