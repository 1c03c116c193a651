/**
 * Checks a history whose answers carry a version, the position that the system gave the operation in its
 * own order (a slot, a revision): that order must agree with real time and explain every answer. Sorting is
 * all that it costs.
 */
import { isClosed, type Model, type Partition, refused } from "./model.ts"

/** `culprits`: positions of the operations at which the order of versions breaks. */
type VersionVerdict =
  | { readonly verdict: "linearizable" | "not-applicable" }
  | { readonly verdict: "contradicted"; readonly culprits: ReadonlyArray<number>; readonly reason: string }

const claimedOrder = <State, Command>(
  model: Model<State, Command>,
  partition: Partition<Command>
): ReadonlyArray<number> | undefined => {
  const { operations, commands } = partition
  const order: Array<number> = []
  const versions = new Float64Array(operations.length)
  let isSorted = true
  for (const [index, operation] of operations.entries()) {
    if (!isClosed(partition, index)) continue
    if (operation.version === undefined) return undefined
    versions[index] = operation.version
    isSorted &&= order.length === 0 || versions[order.at(-1)!]! < operation.version
    order.push(index)
  }
  if (isSorted) return order
  // A read carries the version as of which it was answered: it comes after what made that version.
  const rank = (index: number) => (model.pure(commands[index]!) ? 1 : 0)
  return order.sort((a, b) => versions[a]! - versions[b]! || rank(a) - rank(b) || a - b)
}

/** An unused open operation after which the one at `index` fits: it took effect although nobody was told. */
const bridge = <State, Command>(
  model: Model<State, Command>,
  partition: Partition<Command>,
  open: ReadonlySet<number>,
  state: State,
  index: number
): { readonly used: number; readonly state: State } | undefined => {
  for (const used of open) {
    if (partition.calls[used]! > partition.dones[index]!) continue
    const between = model.step(state, partition.commands[used]!)
    if (between === refused) continue
    const after = model.step(between as State, partition.commands[index]!)
    if (after !== refused) return { used, state: after as State }
  }
  return undefined
}

/**
 * Follows the order of the versions. "linearizable" is certain; "contradicted" means that the versions are
 * wrong, while some other order may still do.
 *
 * "not-applicable" if an operation that returned has no version.
 */
export const checkVersionOrder = <State, Command>(
  model: Model<State, Command>,
  partition: Partition<Command>
): VersionVerdict => {
  const order = claimedOrder(model, partition)
  if (order === undefined || order.length === 0) return { verdict: "not-applicable" }
  const { calls, dones, commands, operations } = partition
  const open = new Set<number>()
  for (let index = 0; index < dones.length; index++) if (!isClosed(partition, index)) open.add(index)
  const show = (index: number) =>
    `${model.show(commands[index]!)} (version ${operations[index]!.version ?? "none"})`
  let state = model.initial
  let latestCall = Number.NEGATIVE_INFINITY
  let latest = -1
  for (const index of order) {
    if (dones[index]! < latestCall) {
      const reason = `${show(index)} returned before ${show(latest)} was invoked, yet has the later place`
      return { verdict: "contradicted", culprits: [latest, index], reason }
    }
    let call = calls[index]!
    const after = model.step(state, commands[index]!)
    if (after !== refused) state = after as State
    else {
      const bridged = bridge(model, partition, open, state, index)
      if (bridged === undefined) {
        const reason = `${show(index)} does not fit where its version places it: ${model.showState(state)}`
        return { verdict: "contradicted", culprits: [index], reason }
      }
      open.delete(bridged.used)
      call = Math.max(call, calls[bridged.used]!)
      state = bridged.state
    }
    if (call > latestCall) {
      latestCall = call
      latest = index
    }
  }
  return { verdict: "linearizable" }
}
