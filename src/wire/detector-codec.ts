/** Signs of life between nodes, as positional arrays. */
import type { Beat, Echo, Floor } from "../protocol/liveness/detector.ts"
import type { Fields } from "./fields.ts"

export const detectorKinds = { Beat: 30 } as const

const echoOut = ({ node, life, sentAtMs, heldMs }: Echo): ReadonlyArray<unknown> => [
  node,
  life,
  sentAtMs,
  heldMs
]

const echoIn = (fields: Fields): Echo => ({
  node: fields.node(),
  life: fields.time(),
  sentAtMs: fields.time(),
  heldMs: fields.time()
})

export const beatOut = (beat: Beat): ReadonlyArray<unknown> => [
  beat.life,
  beat.number,
  beat.sentAtMs,
  beat.lagMs,
  beat.echoes.map(echoOut),
  beat.frames
]

export const floorOut = ({ of, frames }: Floor): ReadonlyArray<unknown> => [of.node, of.storage, frames]

export const floorIn = (fields: Fields): Floor => ({ of: fields.replica(), frames: fields.count() })

/** Reads a message of a kind; undefined for a kind that is none of these. */
export const detectorIn = (kind: number, fields: Fields): Beat | undefined =>
  kind === detectorKinds.Beat
    ? {
        _tag: "Beat",
        life: fields.time(),
        number: fields.count(),
        sentAtMs: fields.time(),
        lagMs: fields.time(),
        echoes: fields.list(echoIn),
        // A node of an older version does not tell.
        frames: fields.left > 0 ? fields.count() : 0
      }
    : undefined
