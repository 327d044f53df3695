/** Voice activity: what a microphone hears goes on only while somebody speaks (VX65), with the moment before it. */
import type { PcmFrame } from './frame.ts'
import { levelDb, SILENT, stepSpeaking } from './level.ts'

/** Frames that go on before the one at which speech was sure: the first sound of a word is its quietest. */
const BEFORE_FRAMES = 5

/** Takes each frame; gives those that go on now, in order: none while it is quiet. */
export function createVoiceGate(): (frame: PcmFrame) => readonly PcmFrame[] {
  let state = SILENT
  let before: PcmFrame[] = []
  return frame => {
    state = stepSpeaking(state, levelDb(frame))
    before.push(frame)
    if (!state.speaking) {
      if (before.length > BEFORE_FRAMES) before.shift()
      return []
    }
    const passed = before
    before = []
    return passed
  }
}
