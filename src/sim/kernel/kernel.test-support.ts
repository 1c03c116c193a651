/**
 * A busy program for tests of the kernel: queues, races, timeouts, scopes and interruption on several nodes.
 */
import { Deferred, Effect, Exit, Fiber, Option, Queue, Random, type Scope, Semaphore } from "effect"
import { Kernel, type KernelOptions } from "./kernel.ts"

const worker = (
  name: string,
  say: (what: string) => void,
  mine: Queue.Queue<number>,
  peer: Queue.Queue<number>
) =>
  Effect.gen(function* () {
    const gate = yield* Semaphore.make(2)
    const opened = yield* Deferred.make<number>()
    const waiters: Array<Fiber.Fiber<unknown, unknown>> = []
    for (let index = 0; index < 6; index++) {
      const task = gate.withPermit(Effect.sleep(index % 3)).pipe(
        Effect.andThen(Deferred.await(opened)),
        Effect.tap((value) => Effect.sync(() => say(`${name}.${index} opened ${value}`)))
      )
      waiters.push(yield* Effect.forkChild(task))
    }
    for (let round = 0; round < 8; round++) {
      yield* Queue.offer(peer, round)
      const got = yield* Queue.take(mine)
      const pause = yield* Random.nextIntBetween(0, 3)
      const winner = yield* Effect.race(
        Effect.sleep(pause).pipe(Effect.as("slow")),
        Effect.sleep(1).pipe(Effect.as("fast"))
      )
      const late = yield* Effect.sleep(pause).pipe(Effect.timeoutOption(2))
      say(`${name} ${got} ${winner} ${Option.isSome(late)}`)
    }
    yield* Deferred.succeed(opened, yield* Random.nextInt)
    yield* Fiber.interrupt(waiters[0]!)
    const exits = yield* Effect.forEach(waiters, (fiber) => Fiber.await(fiber))
    say(`${name} done ${exits.map((exit) => Exit.isSuccess(exit)).join()}`)
  })

/**
 * Runs three pairs of workers on three nodes to the end; the digest covers the order of everything they said.
 */
export const busyRun = (options: KernelOptions) => {
  const kernel = new Kernel(options)
  const said: Array<string> = []
  const nodes = ["a", "b", "c"].map((name) => kernel.addNode(name).boot())
  const program: Effect.Effect<void, never, Scope.Scope> = Effect.gen(function* () {
    const fibers: Array<Fiber.Fiber<void>> = []
    for (const life of nodes) {
      const left = yield* Queue.unbounded<number>()
      const right = yield* Queue.unbounded<number>()
      const say = (what: string) => {
        said.push(what)
        kernel.trace.note("said", life.node.name, { what })
      }
      fibers.push(life.start(worker(`${life.node.name}1`, say, left, right)))
      fibers.push(life.start(worker(`${life.node.name}2`, say, right, left)))
    }
    for (const fiber of fibers) yield* Fiber.join(fiber)
  })
  const outcome = kernel.run(Effect.scoped(program))
  return { kernel, outcome, said, digest: kernel.digest() }
}
