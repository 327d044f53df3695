/** CR8: secrets stay out of JSON, logs, spreads and inspection. */

/** Joins public fields with secrets that are readable by name but not enumerable. */
export function withSecrets<T extends object, S extends object>(visible: T, secrets: S): Readonly<T & S> {
  for (const [name, value] of Object.entries(secrets))
    Object.defineProperty(visible, name, { value, enumerable: false })
  return visible as Readonly<T & S>
}
