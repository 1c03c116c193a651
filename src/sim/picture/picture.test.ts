/** The picture of a run: what its lanes, arrows and bars are made of, and that the page stands alone. */
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import type { Ballot, Slot } from "../../protocol/ids.ts"
import { GroupId, NodeId, StorageId } from "../../protocol/ids.ts"
import { packAnswer, packMessage } from "../../runtime/remote-envelope.ts"
import { packetCodec } from "../../wire/packet.ts"
import { SimBus } from "../bus/bus.ts"
import { calm } from "../bus/settings.ts"
import { Kernel } from "../kernel/kernel.ts"
import type { TraceEntry } from "../trace/trace.ts"
import { describePacket } from "./describe.ts"
import { pictureOf } from "./page.ts"
import { sceneOf } from "./scene.ts"
import { stateScript } from "./script-state.ts"

const codec = packetCodec("sim")
const accepted = codec.encode({ node: NodeId("a"), storage: StorageId("s") }, GroupId("main"), {
  _tag: "Accepted",
  ballot: 3 as Ballot,
  lastSlot: 7 as Slot,
  round: 2,
  grantedMs: 0
})

/** One node speaks twice, then into a partition; the other is frozen, killed and started again. */
const record = (): ReadonlyArray<TraceEntry> => {
  const entries: Array<TraceEntry> = []
  const kernel = new Kernel({ seed: 1, listen: (entry) => entries.push(entry) })
  const bus = new SimBus(kernel, { faults: calm, describe: describePacket(codec) })
  const [a, b] = ["a", "b"].map((name) => kernel.addNode(name))
  const program = Effect.gen(function* () {
    const [from, to] = [yield* bus.connect(a!.boot()), yield* bus.connect(b!.boot())]
    yield* to.subscribe("main", { onMessage: () => {} })
    from.publish("main", accepted)
    yield* Effect.sleep(5)
    const heal = bus.part(["b"])
    from.publish("main", accepted)
    yield* Effect.sleep(5)
    heal()
    b!.freeze()
    yield* Effect.sleep(5)
    b!.thaw()
    b!.kill()
    yield* Effect.sleep(5)
    b!.boot()
  })
  kernel.run(Effect.scoped(program))
  return entries
}

describe("a scene", () => {
  const scene = sceneOf(record(), [
    { process: "client", label: "put a", startMicros: 1000, endMicros: 4000, outcome: "ok" },
    { process: "client", label: "put b", startMicros: 9000, endMicros: undefined, outcome: "unknown" }
  ])
  const lane = (name: string) => scene.lanes.findIndex((one) => one.name === name)

  it("has a lane for each client, the world and each node, in this order", () => {
    expect(scene.lanes.map(({ name }) => name)).toEqual(["client", "world", "a", "b"])
  })
  it("has an arrow for a message with what it says, and a broken one for a message that was lost", () => {
    expect(scene.arrows).toHaveLength(2)
    const [arrived, lost] = scene.arrows
    expect(arrived).toMatchObject({ from: lane("a"), to: lane("b"), kind: "Accepted", ballot: 3 })
    expect(arrived!.atMicros - arrived!.sentMicros).toBe(100)
    expect(arrived!.label).toContain("through 7")
    expect(lost).toMatchObject({ from: lane("a"), to: lane("b"), lost: "partition-drop" })
  })
  it("shows how long a node was frozen, down, and in which ballot", () => {
    const lasted = (kind: string) =>
      scene.stretches
        .filter((stretch) => stretch.kind === kind && stretch.lane === lane("b"))
        .map(({ fromMicros, toMicros }) => toMicros - fromMicros)
    expect(lasted("frozen")).toEqual([5000])
    expect(lasted("down")).toEqual([5000])
    expect(lasted("ballot")).toHaveLength(1)
    expect(scene.marks.filter((mark) => mark.lane === lane("b") && mark.glyph === "kill")).toHaveLength(1)
  })
  it("shows what a node logged as it was said", () => {
    const logged = { timeMicros: 7, kind: "log", node: "a", level: "Error", text: "leader crashed" }
    const { marks } = sceneOf([{ timeMicros: 1, kind: "boot", node: "a" }, logged])
    expect(marks.at(-1)).toEqual({ lane: 1, atMicros: 7, glyph: "note", label: "log Error: leader crashed" })
  })
  it("that begins late shows what still lasts, from there", () => {
    const entries = [
      { timeMicros: 1, kind: "boot", node: "a" },
      { timeMicros: 1, kind: "boot", node: "b" },
      { timeMicros: 2, kind: "fault.disk-stall", node: "b", durationMs: 1 },
      { timeMicros: 3, kind: "fault.clog", node: "b", durationMs: 0.001 },
      { timeMicros: 5, kind: "fault.kill", node: "a" },
      { timeMicros: 10, kind: "note", node: "b" },
      { timeMicros: 20, kind: "note", node: "b" }
    ]
    const { lanes, marks, stretches } = sceneOf(entries, [], 5)
    expect(lanes.map(({ name }) => name)).toEqual(["world", "a", "b"])
    expect(marks).toHaveLength(2)
    expect(stretches.map(({ kind, lane, fromMicros }) => [kind, lane, fromMicros])).toEqual([
      ["fault", 2, 10],
      ["down", 1, 10]
    ])
  })
  it("keeps an operation without an answer open to the end", () => {
    const bars = scene.stretches.filter((stretch) => stretch.lane === lane("client"))
    expect(bars.map(({ kind }) => kind)).toEqual(["operation", "open"])
    expect(bars[1]!.toMicros).toBe(scene.endMicros)
  })
})

describe("what a message says", () => {
  const say = describePacket(codec)
  it("is told for packets of the cluster, for messages to actors, and for their answers", () => {
    expect(say(accepted)).toEqual({ what: "Accepted", ballot: 3, through: 7, round: 2 })
    expect(say(packMessage({ tag: "Write", payload: { value: 3 } }))).toEqual({
      what: "Write",
      payload: '{"value":3}'
    })
    expect(say(packAnswer({ _tag: "Failure", error: "Busy" }))).toEqual({ what: "Failure", error: '"Busy"' })
  })
  it("is nothing where the bytes are neither", () => {
    expect(say(Uint8Array.of(1, 2, 3))).toEqual({})
  })
})

describe("the page", () => {
  const entries = record()
  it("says first which law was broken and how to run it again, and takes nothing from elsewhere", () => {
    const failure = { law: "agreement", message: "slot 3 has <two> values" }
    const page = pictureOf({ title: "registers", entries, failure, replay: "aplomb sim replay registers" })
    expect(page.indexOf("agreement")).toBeLessThan(page.indexOf("<svg"))
    expect(page).toContain("slot 3 has &lt;two&gt; values")
    expect(page).toContain("aplomb sim replay registers")
    expect(page).not.toMatch(/<(script|link|img)[^>]+(src|href)=/)
  })
  it("cannot be broken out of by what a run said", () => {
    const entry = { timeMicros: 1, kind: "note", node: "a", text: "</script><b>" }
    const page = pictureOf({ title: "<b>", entries: [...entries, entry] })
    expect(page.match(/<\/script>/g)).toHaveLength(1)
    expect(page).not.toContain("<b>")
  })
  it("keeps the end of a run that is too long, and every node of it", () => {
    const page = pictureOf({ title: "long", entries, entriesMax: 3 })
    expect(page).toContain("left out")
    expect(page).toContain('{"name":"a","kind":"node"}')
  })
  it("holds a script that a browser can read", () => {
    const script = /<script>([\s\S]*)<\/script>/.exec(pictureOf({ title: "x", entries }))![1]!
    expect(() => new Function(script)).not.toThrow()
  })
  it("finds what is searched for by the names of nodes as well", () => {
    const probe = new Function("scene", `${stateScript}; search = "b"; return matches`) as (
      scene: unknown
    ) => (thing: object) => boolean
    const lanes = [{ name: "a" }, { name: "b" }, { name: "c" }]
    const matches = probe({ lanes, arrows: [], marks: [], stretches: [], endMicros: 1 })
    const arrow = (from: number, to: number) => ({ kind: "Accept", label: "", from, to })
    expect([arrow(0, 1), arrow(1, 2), arrow(0, 2)].map(matches)).toEqual([true, true, false])
    expect([0, 1].map((lane) => matches({ label: "kill", lane }))).toEqual([false, true])
    expect(matches({ kind: "Beat", label: "seen" })).toBe(true)
  })
})
