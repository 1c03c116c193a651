/**
 * Refutes a long history of one register by a short stretch of it. What came before the stretch is
 * forgotten: the register may hold anything at its start, and what was under way then may take effect in it
 * or not. If not even that can be explained, neither can the whole.
 */
import { ValueGuard } from "./guard.ts"
import {
  ignored,
  type Model,
  type Partition,
  type refused,
  selectFrom,
  type Transition,
  truncate
} from "./model.ts"
import { allShortcuts, Search } from "./search.ts"
import { withoutUnnoticed } from "./unnoticed.ts"

/** The state of a register of which nothing is known. */
const anything = -1

const stepFromAnything = ({ observes, produces, differs, suffix }: Transition): number => {
  if (suffix !== undefined || differs >= 0) return anything
  return produces >= 0 ? produces : observes
}

/** The register, except that it starts with anything in it. */
const forgetful = <Command>(
  step: (state: number, command: Command) => number | typeof refused,
  transition: (command: Command) => Transition
): Model<number, Command> => ({
  name: "register of unknown beginning",
  initial: anything,
  command: () => ignored,
  step: (state, command) =>
    state === anything ? stepFromAnything(transition(command)) : step(state, command),
  identity: (state) => state,
  pure: (command) => {
    const { observes, produces, suffix } = transition(command)
    return suffix === undefined && (produces < 0 || produces === observes)
  },
  fingerprint: (command) => {
    const { observes, produces, differs, suffix } = transition(command)
    return `${observes} ${produces} ${differs} ${suffix ?? "-"}`
  },
  show: () => "",
  showState: () => "",
  guard: (partition) => {
    const commands = partition.commands.map(transition)
    if (commands.some(({ suffix }) => suffix !== undefined)) return undefined
    const guard = new ValueGuard({ ...partition, commands }, anything)
    return {
      take: (index) => guard.take(index),
      undo: (index) => guard.undo(index),
      dead: (before, after) => guard.dead(before, after),
      // A value that nobody produces may have been there at the start.
      hopeless: () => false
    }
  },
  register: { initial: anything, transition, step }
})

/**
 * The last `size` operations invoked before `position` and those up to `end`, with all older ones that were
 * under way or open then.
 */
const stretch = <Command>(
  partition: Partition<Command>,
  position: number,
  end: number,
  size: number
): Partition<Command> => {
  const cut = truncate(partition, end)
  const before = cut.calls.findLastIndex((call) => call <= position)
  const start = cut.calls[Math.max(0, before - size)] ?? 0
  const kept = [...cut.calls.keys()].filter((index) => cut.dones[index]! >= start)
  const selected = selectFrom(cut, kept)
  const dones = selected.dones.map((done, index) =>
    selected.calls[index]! < start ? Number.POSITIVE_INFINITY : done
  )
  return { ...selected, dones }
}

const sizes = [40, 160, 640]
/**
 * Returns after the place where the search is stuck that belong to the stretch: guards see that far ahead.
 */
const returnsAhead = 64
const memoryWords = 16 * 1024 * 1024

/**
 * Tries stretches of growing length that end at `position`.
 *
 * @param position where a search could not get further.
 * @param budget steps for each stretch.
 * @returns whether the partition is certainly not linearizable, and the steps that it took.
 */
export const refuteByWindow = <State, Command>(
  model: Model<State, Command>,
  partition: Partition<Command>,
  position: number,
  budget: number
): { readonly isRefuted: boolean; readonly steps: number } => {
  const { register } = model
  let steps = 0
  if (register === undefined) return { isRefuted: false, steps }
  const relaxed = forgetful(register.step, register.transition)
  const later = partition.dones.filter((done) => done > position && done !== Number.POSITIVE_INFINITY).sort()
  const end = later[returnsAhead] ?? later.at(-1) ?? position
  for (const size of sizes) {
    if (size >= partition.commands.length) break
    const part = withoutUnnoticed(relaxed, stretch(partition, position, end, size))
    const search = new Search(relaxed, part, allShortcuts, { words: memoryWords })
    const verdict = search.run(budget)
    steps += search.steps
    if (verdict === "not-linearizable") return { isRefuted: true, steps }
  }
  return { isRefuted: false, steps }
}
