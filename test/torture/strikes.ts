/** How each kind of fault is done and healed. What no fault explains goes to the findings. */
import { cpSync } from "node:fs"
import { join } from "node:path"
import { Effect, type Scope } from "effect"
import type { ClusterNode } from "../support/cluster.ts"
import { seeded } from "../support/cluster-history.ts"
import type { NatsServerFailed } from "../support/nats-server.ts"
import { eventually, type NeverHappened } from "../support/processes.ts"
import type { Flow, TcpProxy } from "../support/tcp-proxy.ts"
import { corruptFile, fillDisk, logEnd, makeRoom, truncateFile } from "./damage.ts"
import type { Fault } from "./plan.ts"
import { setClock, type WorldMade } from "./world.ts"

/** Gives what there is to tell of it. */
export type Strike<A = string | undefined> = Effect.Effect<A, NeverHappened | NatsServerFailed, Scope.Scope>

const exitWithinMs = 20_000
/** A write that failed for want of room ends its node. */
const endsWithinMs = 3000
/** Others hear of each frame with the next beat. */
const heardAfterMs = 1000
const atOnce = { concurrency: "unbounded", discard: true } as const
const startAgain = (node: ClusterNode) => Effect.asVoid(node.start(["--timeout", "0s"]))

export class Strikes {
  readonly #world: WorldMade
  readonly #findings: Array<string>

  constructor(world: WorldMade, findings: Array<string>) {
    this.#world = world
    this.#findings = findings
  }

  /** Does it to those nodes (to none where it strikes the bus), waits as long as it lasts, and heals it. */
  strike(fault: Fault, whom: ReadonlyArray<ClusterNode>): Strike {
    const { nats } = this.#world.cluster
    const node = whom[0]!
    const around = (begin: Strike<unknown>, end: Strike<unknown>, note?: string): Strike =>
      begin.pipe(Effect.andThen(Effect.sleep(fault.forMs)), Effect.andThen(end), Effect.as(note))
    switch (fault.kind) {
      case "kill":
      case "kill-all":
        return around(
          Effect.forEach(whom, (each) => each.kill, atOnce),
          Effect.forEach(whom, startAgain, atOnce)
        )
      case "freeze":
        return around(node.freeze, node.thaw)
      case "restart":
        return around(this.#stop(node), startAgain(node))
      case "wipe":
      case "corrupt":
      case "truncate":
        return this.#loseDisk(fault, node)
      case "roll-back":
        return this.#rollBack(fault, node)
      case "fill-disk":
        return this.#fillDisk(fault, node)
      case "shift-clock":
        return this.#shiftClock(fault, node)
      case "restart-bus":
        return around(nats.kill, nats.start())
      case "freeze-bus":
        return around(nats.freeze, nats.thaw)
      case "cut-clients":
      case "hold-clients":
        return this.#onLink(fault, this.#world.clients)
      default:
        return this.#onLink(fault, this.#world.proxies.get(node.id)!)
    }
  }

  #onLink({ kind, draw, forMs }: Fault, proxy: TcpProxy): Strike {
    const hold = (out: Flow, back: Flow) => () => proxy.hold(out, back)
    const delayMs = 2 + (draw % 150)
    const begin: Readonly<Record<string, () => void>> = {
      cut: () => proxy.cut(),
      "cut-clients": () => proxy.cut(),
      hold: hold("held", "held"),
      "hold-clients": hold("held", "held"),
      "hold-out": hold("held", "open"),
      "hold-in": hold("open", "held"),
      delay: () => proxy.delay(delayMs)
    }
    return Effect.sync(begin[kind]!).pipe(
      Effect.andThen(Effect.sleep(forMs)),
      Effect.andThen(Effect.sync(() => proxy.open())),
      Effect.as(kind === "delay" ? `by ${delayMs} ms` : undefined)
    )
  }

  #shiftClock({ draw: seed, forMs }: Fault, node: ClusterNode): Strike {
    const draw = seeded(seed)
    const path = this.#world.clocks.get(node.id)!
    // Back by anything, ahead by less than the life of a session: what expires by it is no finding.
    const offsetMs = draw(2) === 0 ? -draw(3_600_000) : draw(20_000)
    return Effect.sync(() => setClock(path, offsetMs)).pipe(
      Effect.andThen(Effect.sleep(forMs)),
      Effect.andThen(Effect.sync(() => setClock(path, 0))),
      Effect.as(`by ${offsetMs} ms`)
    )
  }

  #stop(node: ClusterNode): Effect.Effect<void> {
    return Effect.gen({ self: this }, function* () {
      const exit = yield* node.stop.pipe(Effect.timeoutOption(exitWithinMs))
      if (exit._tag === "None") {
        this.#findings.push(`${node.id} did not stop within ${exitWithinMs} ms of SIGTERM: ${node.log(1500)}`)
        yield* node.kill
      } else if (exit.value.code !== 0) {
        this.#findings.push(`${node.id} ended with ${exit.value.code} when asked to stop: ${node.log(1500)}`)
      }
    })
  }

  #loseDisk(fault: Fault, node: ClusterNode): Strike {
    return Effect.gen({ self: this }, function* () {
      yield* node.kill
      const draw = seeded(fault.draw)
      const damage = fault.kind === "corrupt" ? corruptFile : truncateFile
      const what = fault.kind === "wipe" ? undefined : damage(node.data, draw)
      yield* Effect.sleep(fault.forMs)
      if (what !== undefined) yield* this.#refuses(node, what, /is damaged at byte/)
      yield* node.wipe
      yield* startAgain(node)
      return what
    })
  }

  #rollBack({ number, forMs }: Fault, node: ClusterNode): Strike {
    return Effect.gen({ self: this }, function* () {
      const old = join(this.#world.cluster.directory, `old-${number}`)
      yield* node.kill
      cpSync(node.data, old, { recursive: true })
      const before = logEnd(node.data)
      yield* startAgain(node)
      yield* Effect.sleep(forMs)
      const hasGrown = logEnd(node.data) !== before
      yield* Effect.sleep(heardAfterMs)
      yield* node.kill
      if (hasGrown) {
        yield* node.wipe
        cpSync(old, node.data, { recursive: true })
        yield* this.#refuses(node, `from ${forMs} ms before`, /is an old copy/)
        yield* node.wipe
      }
      yield* startAgain(node)
      return hasGrown ? "an old copy was put back" : "it had written nothing"
    })
  }

  #refuses(node: ClusterNode, what: string, sentence: RegExp): Strike<void> {
    return Effect.gen({ self: this }, function* () {
      const owned = yield* node.launch(["--timeout", "0s"])
      const isOver = () => owned.exit() !== undefined || owned.stdout().includes("listens")
      yield* eventually(`${node.id} starts or refuses`, isOver, { log: () => node.log() })
      if (owned.exit() === undefined) {
        this.#findings.push(`${node.id} runs on a disk that it has to refuse (${what})`)
        yield* node.kill
      } else if (!sentence.test(owned.log())) {
        this.#findings.push(`${node.id} did not say what is wrong with its disk (${what}): ${owned.log()}`)
      }
    })
  }

  #fillDisk(fault: Fault, node: ClusterNode): Strike {
    return Effect.gen({ self: this }, function* () {
      const { path } = this.#world.small!
      const bytes = yield* Effect.sync(() => fillDisk(path))
      yield* Effect.sleep(fault.forMs)
      yield* Effect.sync(() => makeRoom(path))
      // It may be about to end: what it could not write is told when it is down, on a busy machine later.
      yield* Effect.sleep(100).pipe(Effect.repeat({ while: () => node.isUp(), times: endsWithinMs / 100 }))
      const isUp = node.isUp()
      if (!isUp && !/the disk is full/.test(node.process().log())) {
        this.#findings.push(`${node.id} ended on a full disk without saying so: ${node.log(1500)}`)
      }
      if (!isUp) yield* startAgain(node)
      return `${bytes} bytes; ${isUp ? "it needed none of them" : "it ended"}`
    })
  }
}
