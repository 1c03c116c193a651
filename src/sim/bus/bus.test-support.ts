/**
 * A small world for tests of the simulated bus: some nodes, a sender that counts, a receiver that remembers.
 */
import { Effect, type Scope } from "effect"
import type { BusShape } from "../../runtime/bus/port.ts"
import { Kernel } from "../kernel/kernel.ts"
import type { Incarnation } from "../kernel/node.ts"
import { SimBus } from "./bus.ts"
import { type BusFaults, calm } from "./settings.ts"

export const text = (content: string): Uint8Array => new TextEncoder().encode(content)
export const textOf = (payload: Uint8Array): string => new TextDecoder().decode(payload)

export interface TestBus {
  readonly kernel: Kernel
  readonly bus: SimBus
  /** A life and its connection, by name; made at the first mention. */
  readonly join: (name: string) => Effect.Effect<BusShape, unknown, Scope.Scope>
  readonly life: (name: string) => Incarnation
}

/**
 * Runs a program over a simulated bus and gives what it returned; a run that does not complete fails the
 * test.
 */
export const onBus = <A>(
  faults: Partial<BusFaults>,
  program: (world: TestBus) => Effect.Effect<A, unknown, Scope.Scope>,
  seed = 1
): { readonly value: A; readonly kernel: Kernel; readonly bus: SimBus } => {
  const kernel = new Kernel({ seed })
  const bus = new SimBus(kernel, { faults: { ...calm, ...faults } })
  const life = (name: string): Incarnation =>
    kernel.nodes.find((node) => node.name === name)?.incarnation ?? kernel.addNode(name).boot()
  const join = (name: string) => bus.connect(life(name))
  const outcome = kernel.run(Effect.scoped(program({ kernel, bus, join, life })))
  if (outcome._tag !== "Completed") throw new Error(`the run ended as ${JSON.stringify(outcome)}`)
  if (outcome.exit._tag === "Failure") throw new Error(String(outcome.exit.cause))
  return { value: outcome.exit.value, kernel, bus }
}

/** Remembers the texts that arrive on a subject. */
export const hear = (bus: BusShape, subject: string) => {
  const heard: Array<string> = []
  return Effect.as(bus.subscribe(subject, { onMessage: (payload) => heard.push(textOf(payload)) }), heard)
}

/** Sends the numbers from 0 on, one each virtual 10 ms, as texts. */
export const count = (bus: BusShape, subject: string, until: number) =>
  Effect.gen(function* () {
    for (let number = 0; number < until; number++) {
      bus.publish(subject, text(String(number)))
      yield* Effect.sleep(10)
    }
  })

export const numbers = (until: number): ReadonlyArray<string> =>
  Array.from({ length: until }, (_, index) => String(index))
