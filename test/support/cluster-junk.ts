/**
 * What may arrive on a bus that others use too: noise, misshapen packets, forgeries by strangers, and old
 * packets again.
 */
import { Effect } from "effect"
import type { NodeSeen } from "../../src/client/discover.ts"
import { Ballot, ClientId, GroupId, NodeId, type Replica, Slot, StorageId } from "../../src/protocol/ids.ts"
import type { BusShape } from "../../src/runtime/bus/port.ts"
import { pack } from "../../src/runtime/codec.ts"
import { type Body, packetCodec, wireVersion } from "../../src/wire/packet.ts"
import { noSeal, seal } from "../../src/wire/seal.ts"
import { subjectsOf } from "../../src/wire/subjects.ts"
import { clusterName } from "./cluster.ts"

type Draw = (below: number) => number

interface Overheard {
  readonly subject: string
  readonly payload: Uint8Array
  readonly replyTo: string | undefined
}

/** Keeps copies of what passes on the bus, the first so many packets of each subject. */
export const overhear = Effect.fnUntraced(function* (bus: BusShape, perSubjectMax = 40) {
  const heard: Array<Overheard> = []
  const counts = new Map<string, number>()
  yield* bus.subscribe(`aplomb.${clusterName}.>`, {
    onMessage: (payload, subject, replyTo) => {
      const count = (counts.get(subject) ?? 0) + 1
      counts.set(subject, count)
      if (count <= perSubjectMax) heard.push({ payload: payload.slice(), subject, replyTo })
    }
  })
  return { heard, subjects: () => [...counts.keys()] }
})

const randomBytes = (draw: Draw, sizeBytes: number): Uint8Array =>
  Uint8Array.from({ length: sizeBytes }, () => draw(256))

const shapes: ReadonlyArray<unknown> = [
  null,
  -1,
  2 ** 53,
  Number.NaN,
  "",
  "n1",
  [],
  [[]],
  {},
  { constructor: 1, length: 7 },
  [["n1", "n1"], 7],
  new Uint8Array(3),
  [[1, 2, 3, 4, new Uint8Array(5)]],
  new Date(0)
]

/** The numbers of all kinds of packets, and some beside them. */
const kinds = [...Array(32).keys(), 99, -1, 1.5, "1", null]

/** Headers of MessagePack that promise far more than there is, or that define what later bytes mean. */
const liars: ReadonlyArray<Uint8Array> = [
  Uint8Array.of(0xdd, 0xff, 0xff, 0xff, 0xff, 1),
  Uint8Array.of(0xdf, 0xff, 0xff, 0xff, 0xff, 1),
  Uint8Array.of(0xdb, 0xff, 0xff, 0xff, 0xff, 1),
  Uint8Array.of(0xc6, 0xff, 0xff, 0xff, 0xff, 1),
  Uint8Array.of(0x96, 0x01, 0xd4, 0x72, 0x40, 0x91, 0xa1, 0x61, 0x01),
  new Uint8Array(100_000).fill(0x91),
  new Uint8Array(0)
]

// Made once: making them costs more than taking them in.
const noise = Uint8Array.from({ length: 1_000_000 }, (_, index) => Math.imul(index, 2654435761) >>> 24)
const large: ReadonlyArray<Uint8Array> = [
  noise,
  noise.map((byte) => byte | 0x90),
  new Uint8Array(1_000_000).fill(0x93)
]

/** One message that no member of the cluster would send. */
export const junkMessage = (draw: Draw, heard: ReadonlyArray<Overheard>): Uint8Array => {
  const sender = ["n1", "s", "main"]
  switch (draw(9)) {
    case 0:
      return randomBytes(draw, draw(300))
    case 1:
      return pack(shapes[draw(shapes.length)])
    case 2:
      return seal(pack([wireVersion + 1 + draw(5), noSeal, clusterName, ...sender, 3, 1, 2, 3]))
    case 3:
      return seal(pack([wireVersion, noSeal, "another", ...sender, 3, 1, 2, 3]))
    case 4: {
      const fields = Array.from({ length: draw(8) }, () => shapes[draw(shapes.length)])
      return seal(pack([wireVersion, noSeal, clusterName, ...sender, kinds[draw(kinds.length)], ...fields]))
    }
    case 5:
      return liars[draw(liars.length)]!
    case 6: {
      const { payload } = heard[draw(heard.length)]!
      return payload.subarray(0, draw(payload.length))
    }
    case 7: {
      const payload = heard[draw(heard.length)]!.payload.slice()
      payload[draw(payload.length)]! ^= 1 << draw(8)
      return payload
    }
    default:
      if (draw(10) > 0) return Uint8Array.of(0x9f - draw(16), draw(256), draw(256))
      return large[draw(large.length)]!.subarray(draw(900_000))
  }
}

const first = { node: NodeId("n1"), storage: StorageId("") } satisfies Replica

/** Forgeries by one who is in no configuration, and by one who has a member's name and another disk. */
export const forgeries = (seen: ReadonlyArray<NodeSeen>): ReadonlyArray<Uint8Array> => {
  const codec = packetCodec(clusterName)
  const group = GroupId("main")
  const replicas = seen.map(({ id, storage }): Replica => ({ node: NodeId(id), storage: StorageId(storage) }))
  const known = seen[0]!.groups[0]!
  const current = known.configuration!
  const configuration = {
    ballot: Ballot(current.ballot),
    generation: current.generation,
    leader: replicas.find(({ node }) => node === current.leader) ?? first,
    acceptors: replicas
  }
  const ballot = configuration.ballot
  const far = Slot(known.last + 1_000_000)
  const at = Slot(Math.max(0, known.last - 5))
  const run = { ballot, first: Slot(at + 1), count: 1, atMs: 0, bytes: Uint8Array.of(1, 0, 0, 0, 0) }
  const before = { prevSlot: at, prevSlotBallot: ballot }
  const bodies: ReadonlyArray<Body> = [
    { _tag: "Accept", configuration, ...before, runs: [run], chosen: far, round: 2 ** 40, leaseMs: 200 },
    { _tag: "Accept", configuration, ...before, runs: [], chosen: far, round: 2 ** 40, leaseMs: 200 },
    { _tag: "Prepare", configuration, prev: configuration, fromSlot: Slot(1) },
    { _tag: "Accepted", ballot, lastSlot: far, round: 2 ** 40, grantedMs: 3_600_000 },
    { _tag: "Gap", ballot, hintSlot: Slot(0), hintBallot: Ballot(0), round: 2 ** 40 },
    { _tag: "Prepared", ballot, lastSlot: at, ...before, runs: [run], chosen: far },
    { _tag: "Submit", client: ClientId("stranger"), submission: 1, bytes: Uint8Array.of(9, 9, 9) },
    { _tag: "Query", client: ClientId("stranger"), question: 1, queries: [Uint8Array.of(0xc1)] },
    { _tag: "MasterAsk", request: { _tag: "ReadMaster", requestId: "stranger" } },
    ...[0, 1, known.last, far].flatMap((slot) =>
      [0, 1, 2 ** 50].map((maxBytes): Body => ({ _tag: "CatchUp", fromSlot: Slot(slot), maxBytes }))
    )
  ]
  const stranger: Replica = { node: NodeId("n9"), storage: StorageId("0") }
  const otherDisk: Replica = { node: NodeId("n2"), storage: StorageId("0") }
  return [stranger, otherDisk].flatMap((from) => bodies.map((body) => codec.encode(from, group, body)))
}

/** Every subject that a member of the cluster listens on, as far as is known without asking. */
export const listenedSubjects = (overheard: ReadonlyArray<string>): ReadonlyArray<string> => {
  const subjects = subjectsOf(clusterName)
  const nodes = ["n1", "n2", "n3"].map((name) => NodeId(name))
  const fixed = [subjects.hello, subjects.status, subjects.master(NodeId("n1"))]
  const ofNodes = nodes.flatMap((node) =>
    [subjects.node, subjects.from, subjects.catchUp, subjects.helloTo].map((subject) => subject(node))
  )
  return [...new Set([...fixed, ...ofNodes, ...overheard])]
}
