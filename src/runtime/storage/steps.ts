/** Long work on a disk that others wait for: in steps, with pauses as long as nobody waits for its end. */
import { Clock, Effect } from "effect"

/** Share of the disk's time that is left to the others, as a multiple of what a step took. */
const pausePerStep = 3
/**
 * The longest pause, in milliseconds. A step during which the process stood still took the disk no longer,
 * and who begins to wait meanwhile waits for the end of a pause.
 */
const pauseMaxMs = 50

/** How long to leave the disk to others after a step that took so long. */
export const pauseAfterMs = (tookMs: number, perStep: number): number =>
  Math.min(tookMs * perStep, pauseMaxMs)

/**
 * Covers `sizeBytes` in steps. While `yields` says so, a pause of three times its length follows each step: a
 * synced write of somebody else then waits behind one step at the most.
 */
export const inSteps = Effect.fnUntraced(function* <E>(
  sizeBytes: number,
  stepBytes: number,
  yields: (() => boolean) | undefined,
  step: (at: number, lengthBytes: number) => Effect.Effect<void, E>
) {
  for (let at = 0; at < sizeBytes; at += stepBytes) {
    const began = yield* Clock.monotonicTimeNanos
    yield* step(at, Math.min(stepBytes, sizeBytes - at))
    if (yields?.() !== true) continue
    const tookMs = Number((yield* Clock.monotonicTimeNanos) - began) / 1e6
    yield* Effect.sleep(pauseAfterMs(tookMs, pausePerStep))
  }
})
