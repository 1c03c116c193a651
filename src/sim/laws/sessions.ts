/**
 * Sessions are bounded: no replica keeps a reply that its client has, nor a session that was silent for long,
 * by the time of the log.
 */
import { law } from "./laws.ts"

export const sessions = law("sessions are bounded", "5.4", (facts, broken) => ({
  atEnd: () => {
    for (const { node, parts } of facts.running.values()) {
      const { atMs, sessions: table } = parts.replica
      for (const [id, { seenMs, received, replies }] of table.byId) {
        const [first = Number.POSITIVE_INFINITY] = replies.numbers()
        if (first <= received)
          broken(`${node} keeps reply ${first} of session ${id}, whose client has all through ${received}`)
        // Swept once in the life of a session, which may have been about to expire just then.
        const silentMs = atMs - seenMs
        if (silentMs > 2 * table.ttlMs)
          broken(`${node} keeps session ${id}, silent for ${silentMs} ms, which live for ${table.ttlMs} ms`)
      }
    }
  }
}))
