/**
 * How Node is started for a daemon: it idles for days beside other programs, so it gives memory back sooner than the
 * defaults, for a tenth more of computing in a burst (docs/benchmarks.md). Benchmarks start their peers alike.
 */

/** A small young generation, which the defaults let grow to 48 MB; and an old one that less than doubles before it is collected. */
export const DAEMON_FLAGS = ['--max-semi-space-size=4', '--heap-growing-percent=80'] as const

/** glibc: threads share two heaps instead of holding on to one each. Other systems ignore it. */
export const DAEMON_ENVIRONMENT = { MALLOC_ARENA_MAX: '2' } as const
