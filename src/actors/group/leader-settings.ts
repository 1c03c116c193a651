/**
 * The settings that leaders of a node act by: intervals from its configuration, sizes that a simulation may
 * turn.
 */
import { defaultLeaderSettings, type LeaderSettings } from "../../protocol/leader/input.ts"
import type { AnyMachine } from "../../protocol/learner/machine.ts"
import { knob } from "../../runtime/buggify.ts"
import { rollEveryMs } from "../leadership/roll-every.ts"
import type { NodeConfig } from "../node/config.ts"

const normal = defaultLeaderSettings
const batchMaxBytes = knob("leader-batch-bytes", normal.batchMaxBytes, { min: 1, max: 4096 })
const windowMax = knob("leader-window", normal.windowMax, { min: 1, max: 16 })
const pendingMaxBytes = knob("leader-pending-bytes", normal.pendingMaxBytes, { min: 4096, max: 65_536 })
const pendingMaxMs = knob("leader-pending-ms", normal.pendingMaxMs, { min: 100, max: 4000 })
const questionsMax = knob("leader-questions", normal.questionsMax, { min: 1, max: 64 })
const chunkMaxBytes = knob("leader-chunk-bytes", normal.chunkMaxBytes, { min: 1, max: 4096 })
const handOverWithinMs = knob("hand-over-within-ms", normal.handOverWithinMs, { min: 1, max: 2000 })
const masterRetryMs = knob("master-retry-ms", normal.masterRetryMs, { min: 20, max: 1000 })

/** By then two rolls have named it, if none was lost. */
const rollsBeforeSilence = 3

/** Room in a segment for what is around the entries of a record. */
const recordRoomBytes = 512

export const leaderSettings = (config: NodeConfig, machine: AnyMachine): LeaderSettings => {
  const { heartbeatIntervalMs, leaseDurationMs, maxClockDrift } = config
  const { retransmitAfterMs, sessionTtlMs, segmentBytes } = config
  return {
    heartbeatIntervalMs,
    leaseDurationMs,
    maxClockDrift,
    quietAfterMs: rollsBeforeSilence * rollEveryMs.value,
    handOverWithinMs: handOverWithinMs.value,
    sessionTtlMs,
    retransmitAfterMs,
    masterRetryMs: masterRetryMs.value,
    // What is proposed is one record of the log, and no record is larger than a segment.
    batchMaxBytes: Math.min(batchMaxBytes.value, segmentBytes - recordRoomBytes),
    submissionMaxBytes: Math.min(normal.submissionMaxBytes, segmentBytes - recordRoomBytes),
    windowMax: windowMax.value,
    pendingMaxBytes: pendingMaxBytes.value,
    pendingMaxMs: pendingMaxMs.value,
    questionsMax: questionsMax.value,
    chunkMaxBytes: chunkMaxBytes.value,
    foretells: machine.preview !== undefined
  }
}
