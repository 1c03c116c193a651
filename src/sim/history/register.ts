/**
 * The two models that need no writing: one register, and a store that has a register (with append) under
 * each key.
 */
import { AppendGuard, ValueGuard } from "./guard.ts"
import { ignored, type Model, type Partition, refused, type Transition } from "./model.ts"
import { type Json, type Operation, showJson, Values } from "./operation.ts"

/** Choices in how the answers of a register are read. */
export interface RegisterOptions {
  /** What is there before the first write; left out: null. */
  readonly initial?: Json | undefined
  /** Does reading `""` mean, like null, that nothing is there? Left out: yes for "kv", no for "register". */
  readonly emptyIsAbsent?: boolean | undefined
  /**
   * What a cas that failed tells: "observed" = when it was tried, another value was there, unless the line
   * names an
   * `error`; "dropped" = nothing, it did not happen. Left out: "observed".
   */
  readonly failedCas?: "dropped" | "observed" | undefined
}

/** A command on a register: what it does, and the words for it. */
interface RegisterCommand extends Transition {
  readonly f: string
}

/** A model whose states are numbers of values. */
type RegisterModel = Model<number, RegisterCommand>

const kinds: ReadonlyMap<string, "read" | "write" | "cas" | "delete" | "append"> = new Map([
  ["read", "read"],
  ["get", "read"],
  ["write", "write"],
  ["put", "write"],
  ["set", "write"],
  ["cas", "cas"],
  ["delete", "delete"],
  ["append", "append"]
] as const)

const plain = { observes: -1, produces: -1, differs: -1, suffix: undefined }

const asText = (value: Json): string =>
  value === null ? "" : typeof value === "string" ? value : showJson(value)

const wrong = ({ call, f, input }: Operation, expected: string): string => {
  const found = input === undefined ? "missing" : showJson(input)
  return `line ${call}: field \`value\` of ${f} is ${found}; expected ${expected}`
}

/** Turns operations into commands, numbering the values that they speak of. */
class CommandReader {
  readonly values = new Values()
  readonly initial: number
  private readonly emptyIsAbsent: boolean
  private readonly failedCas: "dropped" | "observed"

  constructor(options: RegisterOptions, emptyIsAbsent: boolean) {
    this.emptyIsAbsent = options.emptyIsAbsent ?? emptyIsAbsent
    this.failedCas = options.failedCas ?? "observed"
    this.initial = this.number(options.initial ?? null)
  }

  number(value: Json): number {
    return this.values.id(value === "" && this.emptyIsAbsent ? null : value)
  }

  read(operation: Operation, kind: string): RegisterCommand | typeof ignored | string {
    const { f, outcome, input } = operation
    if (kind === "read") {
      return outcome === "ok" ? { ...plain, f, observes: this.number(operation.output ?? null) } : ignored
    }
    if (kind === "cas") return this.cas(operation)
    if (outcome === "fail") return ignored
    if (kind === "delete") return { ...plain, f, produces: this.number(null) }
    if (input === undefined) return wrong(operation, `the value to ${f}`)
    if (kind === "append") return { ...plain, f, suffix: asText(input) }
    return { ...plain, f, produces: this.number(input) }
  }

  private cas(operation: Operation): RegisterCommand | typeof ignored | string {
    const { f, outcome, input } = operation
    if (!Array.isArray(input) || input.length !== 2) return wrong(operation, "[from, to]")
    const from = this.number(input[0] as Json)
    if (outcome === "fail") {
      const told = this.failedCas === "observed" && operation.untried !== true
      return told ? { ...plain, f, differs: from } : ignored
    }
    return { ...plain, f, observes: from, produces: this.number(input[1] as Json) }
  }

  append(state: number, suffix: string): number {
    return this.number(asText(this.values.value(state)) + suffix)
  }
}

const show = (values: Values, command: RegisterCommand): string => {
  const { f, observes, produces, differs, suffix } = command
  if (suffix !== undefined) return `${f} ${JSON.stringify(suffix)}`
  if (differs >= 0) return `${f} from ${showJson(values.value(differs))} failed`
  if (produces < 0) return `${f} → ${showJson(values.value(observes))}`
  const to = showJson(values.value(produces))
  return observes < 0 ? `${f} ${to}` : `${f} ${showJson(values.value(observes))} → ${to}`
}

const guard = (reader: CommandReader, partition: Partition<RegisterCommand>) => {
  const { commands } = partition
  const text = (value: number) => asText(reader.values.value(value))
  return commands.some((command) => command.suffix !== undefined)
    ? new AppendGuard(partition, text)
    : new ValueGuard(partition, reader.initial)
}

const makeModel = (name: "register" | "kv", options: RegisterOptions): RegisterModel => {
  const reader = new CommandReader(options, name === "kv")
  const { values } = reader
  const step = (state: number, command: RegisterCommand): number | typeof refused => {
    if (command.observes >= 0 && command.observes !== state) return refused
    if (command.differs === state) return refused
    if (command.suffix !== undefined) return reader.append(state, command.suffix)
    return command.produces < 0 ? state : command.produces
  }
  return {
    name,
    initial: reader.initial,
    command: (operation) => {
      const kind = kinds.get(operation.f)
      const isKnown = kind !== undefined && (name === "kv" || (kind !== "append" && kind !== "delete"))
      if (!isKnown) return `line ${operation.call}: the model "${name}" has no \`${operation.f}\``
      return reader.read(operation, kind)
    },
    step,
    identity: (state) => state,
    pure: ({ observes, produces, suffix }) => suffix === undefined && (produces < 0 || produces === observes),
    fingerprint: ({ observes, produces, differs, suffix }) =>
      `${observes} ${produces} ${differs} ${suffix ?? "-"}`,
    show: (command) => show(values, command),
    showState: (state) => `the value is ${showJson(values.value(state))}`,
    guard: (partition) => guard(reader, partition),
    register: { initial: reader.initial, transition: (command) => command, step }
  }
}

/** One register: read, write, and cas with value [from, to]. */
export const registerModel = (options: RegisterOptions = {}): RegisterModel => makeModel("register", options)

/** A store, a register under each key: get, put, delete, cas, and append, which adds text at the end. */
export const kvModel = (options: RegisterOptions = {}): RegisterModel => makeModel("kv", options)

const kvNames = new Set(["get", "put", "set", "delete", "append"])

/** The model whose words the history uses. */
export const detectModel = (operations: ReadonlyArray<Operation>): "register" | "kv" =>
  operations.some((operation) => kvNames.has(operation.f)) ? "kv" : "register"
