/**
 * Members that do not keep up: past a limit the bus drops what is for them, or hangs up on them as NATS does.
 */

export interface SlowConsumer {
  /** Messages on their way to one member, or waiting while it is frozen, before it counts as slow. */
  readonly pendingMaxCount: number
  /** The same in bytes. NATS: 64 MiB. */
  readonly pendingMaxBytes: number
  /**
   * `drop`: what is over the limit is lost. `disconnect`: all that waits is lost and the member must connect
   * again.
   */
  readonly reaction: "drop" | "disconnect"
}

export const patientBus: SlowConsumer = {
  pendingMaxCount: Number.POSITIVE_INFINITY,
  pendingMaxBytes: Number.POSITIVE_INFINITY,
  reaction: "drop"
}

/** Whether one more message is too many for a member with this much waiting. */
export const isSlow = (limit: SlowConsumer, pendingCount: number, pendingBytes: number): boolean =>
  pendingCount >= limit.pendingMaxCount || pendingBytes >= limit.pendingMaxBytes
