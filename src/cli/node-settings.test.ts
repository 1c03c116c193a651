/** Where a node's configuration comes from, and what is said when it is wrong. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { mergeNodeConfig, type NodeSources, withoutWhereabouts } from "./node-settings.ts"

const file = (fields: object) => ({ path: "n1.json", text: JSON.stringify(fields) })
const whole = { cluster: "dev", node: "n1", nodes: ["n1", "n2"], data: "./n1", heartbeatIntervalMs: 10 }
const sources = (more: Partial<NodeSources> = {}): NodeSources => ({
  file: file(whole),
  environment: {},
  flags: {},
  ...more
})
const problem = (more: Partial<NodeSources>) =>
  Effect.map(Effect.flip(mergeNodeConfig(sources(more))), ({ message, exitCode }) => {
    assert.strictEqual(exitCode, 2)
    return message
  })

describe("the configuration of a node", () => {
  it.effect("takes lists with commas from flags and variables, the masters among them", () =>
    Effect.gen(function* () {
      const flags = { nodes: "n1,n2,n3", masters: "n1, n2,n3" }
      assert.deepStrictEqual((yield* mergeNodeConfig(sources({ flags }))).masters, ["n1", "n2", "n3"])
      const environment = { APLOMB_MASTERS: "n2" }
      assert.deepStrictEqual((yield* mergeNodeConfig(sources({ environment }))).masters, ["n2"])
    })
  )

  it.effect("comes from the file alone where the environment names another cluster, for a node of dev", () =>
    Effect.gen(function* () {
      const elsewhere = { APLOMB_CLUSTER: "prod", APLOMB_NODE: "n9", APLOMB_NODES: "n9", APLOMB_DATA: "/x" }
      const more = {
        APLOMB_SERVERS: "prod:4222",
        APLOMB_MASTERS: "n9",
        APLOMB_MASTER: "n9",
        APLOMB_GROUPS: "[]"
      }
      const kept = { PATH: "/bin", APLOMB_HEARTBEAT_INTERVAL_MS: "20" }
      const environment = withoutWhereabouts({ ...elsewhere, ...more, ...kept })
      assert.deepStrictEqual(environment, kept)
      const { cluster, node, servers } = yield* mergeNodeConfig(sources({ environment }))
      assert.deepStrictEqual([cluster, node, servers], ["dev", "n1", ["127.0.0.1:4222"]])
    })
  )

  it.effect("takes a flag before a variable, and a variable before the file", () =>
    Effect.gen(function* () {
      const environment = { APLOMB_HEARTBEAT_INTERVAL_MS: "20", APLOMB_SERVERS: "a:1, b:2" }
      const config = yield* mergeNodeConfig(sources({ environment, flags: { heartbeatIntervalMs: "30" } }))
      assert.strictEqual(config.heartbeatIntervalMs, 30)
      assert.deepStrictEqual(config.servers, ["a:1", "b:2"])
      const withoutFlag = yield* mergeNodeConfig(sources({ environment }))
      assert.strictEqual(withoutFlag.heartbeatIntervalMs, 20)
      assert.strictEqual((yield* mergeNodeConfig(sources())).heartbeatIntervalMs, 10)
    })
  )

  it.effect("needs no file, and reads groups from JSON", () =>
    Effect.gen(function* () {
      const groups = '[{"name":"main","acceptors":["a"]}]'
      const flags = { cluster: "c", node: "a", nodes: "a,b", data: "x", groups }
      const config = yield* mergeNodeConfig({ file: undefined, environment: {}, flags })
      assert.deepStrictEqual(config.nodes, ["a", "b"])
      assert.deepStrictEqual(config.groups[0]?.acceptors, ["a"])
    })
  )

  it.effect("names the field and the source of what is wrong", () =>
    Effect.gen(function* () {
      assert.include(
        yield* problem({ environment: { APLOMB_SEGMENT_BYTES: "many" } }),
        `"segmentBytes" (from the variable APLOMB_SEGMENT_BYTES)`
      )
      assert.include(yield* problem({ flags: { node: "n9" } }), `"node" (from the flag --node)`)
      assert.include(yield* problem({ flags: { groups: "[]" } }), `"groups" (from the flag --groups)`)
      const strange = '[{"name":"main","acceptors":["n1","n9"]}]'
      assert.include(
        yield* problem({ file: file(whole), flags: { groups: strange } }),
        '"groups" (from the flag --groups) cannot be used: group main: its acceptor n9 is not among "nodes"'
      )
      assert.include(
        yield* problem({ file: file({ ...whole, data: "a\0b" }) }),
        '"data" (from the file n1.json) cannot be used: "data" holds a NUL character'
      )
      assert.include(yield* problem({ file: file({ ...whole, servers: 3 }) }), "from the file n1.json")
      assert.include(
        yield* problem({ file: file({ ...whole, color: 3 }) }),
        `"color" (from the file n1.json) is no field`
      )
      assert.include(yield* problem({ file: { path: "n1.json", text: "{" } }), "n1.json is not JSON")
      assert.include(
        yield* problem({ flags: { leaseDurationMs: "20" } }),
        `"leaseDurationMs" is 20, and must be more than two of "heartbeatIntervalMs", which is 10`
      )
      const slowBeat = '"leaseDurationMs" is 200, and must be more than two of "heartbeatIntervalMs"'
      assert.include(yield* problem({ flags: { heartbeatIntervalMs: "100" } }), slowBeat)
      assert.include(yield* problem({ flags: { failureTimeoutMs: "200" } }), `more than "leaseDurationMs"`)
      assert.include(
        yield* problem({ flags: { maxClockDrift: "0.7" } }),
        `"maxClockDrift" (from the flag --max-clock-drift)`
      )
      const { data: _data, ...rest } = whole
      assert.include(yield* problem({ file: file(rest) }), `no "data": give --data, APLOMB_DATA`)
    })
  )
})
