/** Who is heard by whom (VX4): decided by every receiver, and by every sender once more. */
import type { CallSelf, Standing } from './effects.ts'

/** Whether a device is heard, by everything but its own choice. */
export function isAudible({ connect, speak, muted }: Standing): boolean {
  return connect && speak && !muted
}

/** Whether we have something to send at all. */
export function talks({ muted, deafened, pushToTalk, talking }: CallSelf): boolean {
  return !muted && !deafened && (!pushToTalk || talking)
}

/** Whether what we say goes to them. */
export function maySend(own: Standing | undefined, theirs: Standing | undefined): boolean {
  return own !== undefined && isAudible(own) && theirs !== undefined && theirs.connect && !theirs.deafened
}

/** Whether we hear them. */
export function mayHear(self: CallSelf, own: Standing | undefined, theirs: Standing | undefined): boolean {
  if (own === undefined || theirs === undefined) return false
  return !self.deafened && own.connect && !own.deafened && isAudible(theirs)
}
