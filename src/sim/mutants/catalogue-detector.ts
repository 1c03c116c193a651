/** Seeded bugs of the failure detector, of taking over, and of dropping acceptors. */
import { type Mutant, standstillLaw } from "./mutant.ts"

const detector = "protocol/liveness/detector.ts"
const candidacy = "protocol/liveness/candidacy.ts"
const backups = "protocol/liveness/backups.ts"
const tend = "actors/leadership/tend.ts"
const places = "suspensions: nobody loses its place because everybody stood still"

export const detectorMutants: ReadonlyArray<Mutant> = [
  {
    id: "detector/own-stall-blames-the-others",
    edits: [
      {
        file: detector,
        find: "nowMs - state.beatDueAtMs > stallMs(state.settings) ?",
        replace: "nowMs - state.beatDueAtMs > stallMs(state.settings) + 3_600_000 ?"
      }
    ],
    law: places,
    why: "A node that stood still heard nobody, and suspects everybody when it goes on.",
    scenarios: ["suspended"]
  },
  {
    id: "detector/one-way-links-go-unnoticed",
    edits: [
      {
        file: detector,
        find: "Math.min(silentAtMs(state, peer), deafAtMs(state, peer))",
        replace: "Math.min(silentAtMs(state, peer), Number.POSITIVE_INFINITY)"
      }
    ],
    law: standstillLaw,
    why: "A leader that hears nobody is heard: it keeps the lead and can do nothing with it.",
    scenarios: ["cut-one-way"]
  },
  {
    id: "detector/nobody-is-ever-suspected",
    edits: [
      {
        file: detector,
        find: "!peer.isSuspected && state.isConnected && suspectAtMs(state, peer) <= nowMs",
        replace: "peer.isSuspected && state.isConnected && suspectAtMs(state, peer) <= nowMs"
      }
    ],
    law: standstillLaw,
    why: "A leader that is gone is waited for.",
    scenarios: ["failover", "solo-takeover"]
  },
  {
    id: "detector/suspicion-never-ends",
    edits: [
      {
        file: detector,
        find: "if (!before.isSuspected || isDeaf(state, measured, nowMs))",
        replace: "if (true)"
      }
    ],
    law: standstillLaw,
    why: "Whoever was away once is never counted on again: in the end nobody is left to take the lead.",
    scenarios: ["failover", "solo-takeover"]
  },
  {
    id: "candidacy/suspects-are-left-in",
    edits: [
      {
        file: candidacy,
        find: "acceptors.filter((acceptor) => sameReplica(acceptor, self) || !misses(acceptor))",
        replace: "acceptors.filter((acceptor) => sameReplica(acceptor, self) || !misses(acceptor) || true)"
      },
      {
        file: tend,
        find: "? retire(state, drop.acceptor) : takeBallotWithout(state, drop.acceptor)",
        replace: "? retire(state, drop.acceptor) : undefined"
      }
    ],
    law: standstillLaw,
    why: "A ballot with an acceptor that is gone waits for it before it can become active.",
    scenarios: ["failover", "solo-takeover"]
  },
  {
    id: "candidacy/a-failed-campaign-is-not-repeated",
    edits: [
      {
        file: candidacy,
        find: "    if (nowMs < known.dueAtMs) return",
        replace: "    if (nowMs < known.dueAtMs + 3_600_000) return"
      }
    ],
    law: standstillLaw,
    why: "A campaign that came to nothing, or a turn that has come, must be followed by another look.",
    scenarios: ["rivals", "partitions", "t020"]
  },
  {
    id: "tend/counts-without-the-retired-before-the-master-answered",
    edits: [
      {
        file: tend,
        find: '    const reply = yield* context.master.ask(group, { _tag: "Retire",',
        replace:
          "    const smaller = { ...configuration, generation: configuration.generation + 1, " +
          "acceptors: configuration.acceptors.filter((one) => !sameReplica(one, acceptor)) }\n" +
          '    options.toLeader({ _tag: "FromMaster", reply: { _tag: "Activated", requestId, ' +
          "configuration: smaller } })\n" +
          '    const reply = yield* context.master.ask(group, { _tag: "Retire",'
      }
    ],
    law: "one active configuration",
    why: "From the master's answer on, and not before, slots are chosen without it (section 4, point 6).",
    scenarios: ["failover", "partitions", "cut-one-way"]
  },
  {
    id: "tend/an-answer-that-stays-away-is-forgotten",
    edits: [
      {
        file: tend,
        find: "    if (yield* readActive(options)) doubts--",
        replace: "    doubts--\n    yield* readActive(options)"
      }
    ],
    law: standstillLaw,
    why: "A retirement whose answer was lost is done: who takes it for undone never takes the acceptor back.",
    scenarios: ["lost-retirements"]
  },
  {
    id: "tend/missed-backups-stay",
    edits: [
      {
        file: tend,
        find: "if (missed !== undefined) return { acceptor: missed, isSlow: false }\n",
        replace: ""
      }
    ],
    law: standstillLaw,
    why: "Every write waits for all acceptors: one that is gone stops all of them.",
    scenarios: ["failover"]
  },
  {
    id: "tend/slow-backups-stay",
    edits: [
      {
        file: backups,
        find: "late.length === 1 && waitMs(waits, one) >= slowMs",
        replace: "late.length === 1 && waitMs(waits, one) >= slowMs + 3_600_000"
      }
    ],
    law: standstillLaw,
    why: "A backup that is there, and takes seconds for each write, makes everybody wait.",
    scenarios: ["slow-disk-of-one"]
  },
  {
    id: "tend/a-leader-with-a-slow-disk-stays",
    edits: [
      {
        file: tend,
        find: 'if (state._tag === "Serving") return toLeader({ _tag: "HandOver", to })',
        replace: 'if (state._tag === "Serving") return undefined'
      }
    ],
    law: standstillLaw,
    why: "A leader waits for its own disk with every write, and nobody can drop it.",
    scenarios: ["slow-disk-of-one"]
  },
  {
    id: "master/retires-the-leader",
    edits: [
      {
        file: "protocol/master/master.ts",
        find: "  if (sameReplica(active.leader, acceptor)) return",
        replace: "  if (active.ballot < 0) return"
      }
    ],
    law: "one active configuration",
    why: "A leader that does not vote in its own ballot has a log that nobody answers for (section 2).",
    scenarios: ["retired-at-random"]
  },
  {
    id: "node/a-bus-that-goes-away-ends-it-while-it-starts",
    edits: [
      {
        file: "runtime/bus/subscribed.ts",
        find: 'error._tag === "BusUnavailable" && bus.status() !== "Closed"',
        replace: "bus.status() === undefined"
      }
    ],
    law: "a process broke",
    why: "A connection that is lost between two subscriptions of a node that starts ends the node.",
    scenarios: ["bus-restart", "t020"]
  },
  {
    id: "bus/the-inbox-is-asked-for-once",
    edits: [
      {
        file: "runtime/bus/request.ts",
        find: "yield* subscribed(bus, `",
        replace: "yield* bus.subscribe(`"
      }
    ],
    law: "a process broke",
    why: "A connection that is lost before a node that starts has its inbox ends the node.",
    scenarios: ["starts"]
  }
]
