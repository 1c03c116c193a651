/**
 * Chains of compare-and-set, one a key, each link at the revision of the one before: applied twice or lost,
 * they break.
 */
import { Effect, Stream } from "effect"
import type { CommandFailure } from "../../src/client/errors.ts"
import { kvMachine } from "../../src/machines/kv.ts"
import { fitting } from "../../src/protocol/learner/machine.ts"
import { pack } from "../../src/runtime/codec.ts"
import type { TestClient } from "./cluster-client.ts"

const { command, reply } = kvMachine.forms

export interface Chains {
  /** Links that are known to stand. */
  readonly acknowledged: () => number
  readonly failures: ReadonlyArray<CommandFailure>
  /** A link has found another revision: its chain grows no more. */
  readonly isBroken: () => boolean
  /** Adds no more links, and returns when those under way have come to something. */
  readonly end: Effect.Effect<void>
  /** What contradicts that every link took effect exactly once; at most ten of them. */
  readonly broken: (client: TestClient) => Effect.Effect<ReadonlyArray<string>>
}

interface Link {
  revision: number
  count: number
}

/**
 * Begins to grow `keyCount` chains at once and goes on until the end. Nobody else writes the keys, so a link
 * can find another revision for one reason only: it was applied before, or an acknowledged one is gone.
 */
export const beginChains = (
  client: TestClient,
  prefix: string,
  keyCount: number,
  { timeoutMs = 120_000, pauseMs = 0 } = {}
): Chains => {
  const chains = new Map<string, Link>()
  const failures: Array<CommandFailure> = []
  const wrong: Array<string> = []
  let acknowledged = 0
  let underWay = 0
  let isOver = false
  let onDone: (() => void) | undefined
  const settle = () => {
    underWay--
    if (isOver && underWay === 0) onDone?.()
  }
  const grow = (key: string, link: Link): void => {
    const { revision, count } = link
    const form = command.encode({ _tag: "CompareAndSet", key, revision, value: String(count + 1) })
    underWay++
    const taken = client.group.client.submitUnsafe(pack(form), timeoutMs, (plain, slot, failure) => {
      const done = failure === undefined ? fitting(reply, plain) : undefined
      if (failure !== undefined) failures.push(failure)
      else if (done?.changed === true) {
        acknowledged++
        link.revision = slot
        link.count++
        if (pauseMs > 0) setTimeout(() => isOver || grow(key, link), pauseMs)
        else if (!isOver) grow(key, link)
      } else wrong.push(`${key}: link ${count + 1} at ${revision} found ${done?.revision}`)
      settle()
    })
    if (!taken) throw new Error("a client refused a command although few are in flight")
  }
  for (let index = 0; index < keyCount; index++) {
    const link: Link = { revision: 0, count: 0 }
    chains.set(`${prefix}${index}`, link)
    grow(`${prefix}${index}`, link)
  }
  const compare = (key: string, revision: number, value: unknown) => {
    const link = chains.get(key)
    chains.delete(key)
    if (link?.revision !== revision || value !== String(link.count))
      wrong.push(`${key} is at ${revision} with ${value}, acknowledged was ${JSON.stringify(link)}`)
  }
  return {
    acknowledged: () => acknowledged,
    failures,
    isBroken: () => wrong.length > 0,
    end: Effect.callback<void>((resume) => {
      isOver = true
      onDone = () => resume(Effect.void)
      if (underWay === 0) onDone()
    }),
    broken: Effect.fnUntraced(function* ({ kv }: TestClient) {
      yield* Stream.runForEach(kv.list(prefix, { timeoutMs: 60_000 }), ({ key, revision, value }) =>
        Effect.sync(() => compare(key, revision, value))
      ).pipe(Effect.orDie)
      for (const key of chains.keys()) wrong.push(`${key} is gone`)
      return wrong.slice(0, 10)
    })
  }
}
