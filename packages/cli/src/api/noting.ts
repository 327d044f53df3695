/** The caller's bytes, and what reading them failed with: a broken request does not say why. */
export async function* noting(
  bytes: AsyncIterable<Uint8Array>,
  source: { failure?: unknown }
): AsyncGenerator<Uint8Array> {
  try {
    yield* bytes
  } catch (error) {
    source.failure = error
    throw error
  }
}
