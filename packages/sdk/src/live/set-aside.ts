/** Rules by which an operation is set aside, in words for its author. */
const WORDS: Readonly<Record<string, string>> = {
  AU18: 'what it rests on was set aside: the right to do it, or the thing that it changes',
  AU19: 'at the same time somebody stronger took away the right to do it, or put its author out',
  AU20: 'at the same time somebody stronger gave its author a timeout, and so no right to do it then',
  AU21: 'at the same time the server was given to another owner',
  AU22: 'at the same time the device that signed it was revoked',
  AU26: 'others had used the invite as often as it may be used'
}

/** Why an operation was set aside, as a clause without a full stop; of rules without words of their own, their number. */
export function setAsideBy(rule: string): string {
  return WORDS[rule] ?? `rule ${rule} sets it aside`
}
