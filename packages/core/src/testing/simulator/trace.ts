/** What happened, as one number: two runs of a seed that differ anywhere differ here. */
const FIRST = 0x811c9dc5
const SECOND = 0x9e3779b9
const PRIME = 0x01000193
const OTHER_PRIME = 0x85ebca6b

export class Trace {
  #first = FIRST
  #second = SECOND

  number(value: number): void {
    // Times have more than 32 bits.
    this.#mix(Math.floor(value / 2 ** 32))
    this.#mix(value >>> 0)
  }

  text(value: string): void {
    this.#mix(value.length)
    for (let at = 0; at < value.length; at++) this.#mix(value.charCodeAt(at))
  }

  bytes(value: Uint8Array): void {
    let sum = FIRST
    const whole = value.length & ~3
    for (let at = 0; at < whole; at += 4) {
      const word =
        (value[at] as number) |
        ((value[at + 1] as number) << 8) |
        ((value[at + 2] as number) << 16) |
        ((value[at + 3] as number) << 24)
      sum = Math.imul(sum ^ word, PRIME)
      sum ^= sum >>> 15
    }
    for (let at = whole; at < value.length; at++) sum = Math.imul(sum ^ (value[at] as number), PRIME)
    this.#mix(value.length)
    this.#mix(sum)
  }

  /** 16 hex digits. */
  digest(): string {
    return [this.#first, this.#second].map(each => (each >>> 0).toString(16).padStart(8, '0')).join('')
  }

  #mix(value: number): void {
    this.#first = Math.imul(this.#first ^ value, PRIME)
    this.#second = Math.imul(this.#second ^ value ^ (this.#second >>> 15), OTHER_PRIME)
  }
}
