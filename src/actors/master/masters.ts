/** A node's part in the master: the register of all groups, in a file of its own or with others. */
import { Effect } from "effect"
import { Ballot, GroupId, noBallot } from "../../protocol/ids.ts"
import { keptNothing } from "../../protocol/master/cas-paxos.ts"
import { broughtBack, type MasterState } from "../../protocol/master/master.ts"
import type { FileValue, PromisedIn } from "../../protocol/master/taking-seat.ts"
import type { WalFailure } from "../../runtime/storage/errors.ts"
import type { Packet } from "../../wire/packet.ts"
import type { GroupLog } from "../log/group-log.ts"
import { mastersOf, type NodeConfig } from "../node/config.ts"
import { count, type NodeContext } from "../node/context.ts"
import { endingNode, endNode, type RoleCrashed } from "../node/end-node.ts"
import { spawnSoon } from "../node/soon.ts"
import { KeeperRole } from "./keeper.ts"
import type { KeeperStore } from "./keeper-store.ts"
import { spawnMaster } from "./master.ts"
import {
  type FileRegister,
  fileRegister,
  type Register,
  type RegisterFailure,
  type Versioned
} from "./register.ts"
import {
  MastersChanged,
  RegisterCorrupted,
  type RegisterUnavailable,
  type SeatFailure
} from "./register-errors.ts"
import { replicatedRegister } from "./register-replicated.ts"
import { asNodes, seatTaking } from "./seat-taking.ts"
import { masterText } from "./state.ts"

/** What a node tells of its part in the master. */
export interface MasterStatus {
  /** `file` where this node alone keeps it; `waiting` until it has its seat; `seated` after that. */
  readonly state: "file" | "waiting" | "seated"
  /** The masters that it waits for before it takes its seat. */
  readonly silent: ReadonlyArray<string>
  /** Whose disks keep the register, as this node knows it. */
  readonly seats: ReadonlyArray<{
    readonly node: string
    readonly storage: string
    readonly generation: number
  }>
  /** How often it has written, ever: it may never come back with fewer. */
  readonly writes: number
  /** How often the others were heard to have written. */
  readonly floors: ReadonlyArray<{ readonly node: string; readonly storage: string; readonly writes: number }>
  /** What its disk has of the register, by group: the newest where a majority has the same. */
  readonly registers: ReadonlyArray<{
    readonly group: string
    readonly version: number
    /** As JSON. */
    readonly state: string
  }>
}

const registersOf = (store: KeeperStore): MasterStatus["registers"] =>
  [...store.registers].flatMap(([group, { value }]) =>
    value === undefined ? [] : [{ group, version: value.version, state: value.text }]
  )

export type MasterFailure = Exclude<RegisterFailure, RegisterUnavailable> | SeatFailure | WalFailure

export interface MasterPart {
  /** Takes what masters say to each other. */
  readonly take: (packet: Packet) => void
  /** Undefined where this node is none of the masters. */
  readonly status: () => MasterStatus | undefined
}

export interface MasterPartOptions {
  readonly config: NodeConfig
  readonly context: NodeContext
  readonly logs: ReadonlyMap<string, GroupLog>
  readonly store: KeeperStore
  readonly onFailure: (failure: MasterFailure | RoleCrashed) => void
}

/** Runs this node's part in the master, where the configuration gives it one. */
export const runMasterPart = Effect.fnUntraced(function* (options: MasterPartOptions) {
  const { config, context, store } = options
  const masters = mastersOf(config)
  const isMaster = masters.includes(config.node)
  const { seats } = store
  if (seats.length > 0 && (!isMaster || masters.length === 1)) {
    const found = seats.map(({ replica }) => replica.node)
    return yield* new MastersChanged({ configured: masters, found })
  }
  if (!isMaster) {
    const take = ({ from, body }: Packet) => {
      if (body._tag !== "SeatAsk" || !masters.includes(from.node))
        return count(context.counters, `not for a node without a master: ${body._tag}`)
      const told = { seats: [], floor: 0, files: [], promised: promisesIn(options.logs) }
      context.toNode(from.node, GroupId(""), { _tag: "SeatTold", told })
    }
    const none: MasterPart = { take, status: () => undefined }
    return none
  }
  const file = yield* fileRegister(`${config.data}/master`, masters.length > 1)
  const part = yield* masters.length === 1 ? alone(options, file) : together(options, file)
  yield* serve(options, part.register)
  return part
})

interface PartWithRegister extends MasterPart {
  readonly register: Register
}

/** The only master: its file must not be older than what the acceptor beside it knows. */
const alone = Effect.fnUntraced(function* (
  { config, context, logs, store, onFailure }: MasterPartOptions,
  register: FileRegister
) {
  for (const { name } of config.groups) {
    const { version, state } = yield* register.read(GroupId(name))
    const promised = logs.get(name)?.promised ?? 0
    const written = store.keptOf(GroupId(name)).value?.version ?? 0
    const reason = isOlder({ version, state }, promised, written)
    if (reason === undefined) continue
    return yield* new RegisterCorrupted({ path: `${config.data}/master/${name}.json`, reason })
  }
  const status = (): MasterStatus => {
    return { state: "file", silent: [], seats: [], writes: 0, floors: [], registers: registersOf(store) }
  }
  const part: PartWithRegister = {
    register: noting(register, store, onFailure),
    take: ({ body }) => count(context.counters, `not for the only master: ${body._tag}`),
    status
  }
  return part
})

const isOlder = ({ version, state }: Versioned, promised: number, written: number): string | undefined => {
  if (promised >= state.nextBallot)
    return `it would hand out ballot ${state.nextBallot}, and ${promised} was handed out before`
  if (version < written)
    return `it is an old copy: it was written ${written} times, and this is write ${version}`
  return undefined
}

/**
 * Notes each write of the file in the log of the node as well, before anybody is answered: a copy that is put
 * back is seen to be one even where no ballot tells of it, as after an acceptor was retired.
 */
const noting = (
  file: FileRegister,
  store: KeeperStore,
  onFailure: (failure: WalFailure) => void
): Register => ({
  read: file.read,
  compareAndSet: Effect.fnUntraced(function* (group: GroupId, expected: number, state: MasterState) {
    const isWritten = yield* file.compareAndSet(group, expected, state)
    if (!isWritten) return false
    store.keep(group, { ...keptNothing, value: { version: expected + 1, text: masterText(state) } })
    // Without the note nobody is answered: the node stops.
    yield* Effect.catch(store.synced, (failure) => {
      onFailure(failure)
      return Effect.never
    })
    return true
  })
})

/** One of several masters. It takes its seat while the node goes on. */
const together = Effect.fnUntraced(function* (
  { config, context, logs, store, onFailure }: MasterPartOptions,
  file: FileRegister
) {
  const masters = asNodes(mastersOf(config))
  const files: Array<FileValue> = []
  for (const name of config.groups.map((group) => GroupId(group.name))) {
    const { version, state } = yield* file.read(name)
    if (version > 0) files.push(fileValue(name, version, state))
  }
  const promised = () => promisesIn(logs)
  const scope = yield* Effect.scope
  const seatLost = (): void => {
    count(context.counters, "seat lost to another disk")
    runSync(Effect.forkIn(takeSeat, scope))
  }
  const { soon, actor } = yield* spawnSoon(`${context.self.node}/keeper`)
  endNode(onFailure, actor)
  const wake = () => soon(() => keeper.settle())
  const keeper = new KeeperRole({ self: context.self, store, onFailure, wake, onSeatLost: seatLost })
  const taking = seatTaking({ context, masters, store, keeper, files, promised })
  const taken = Effect.catch(taking.run, (failure) => Effect.sync(() => onFailure(failure)))
  const takeSeat = endingNode(onFailure, `${context.self.node}/seat`, taken)
  const runSync = Effect.runSyncWith(yield* Effect.context<never>())
  yield* Effect.forkScoped(takeSeat)
  const { register, take } = yield* replicatedRegister(context, store, keeper)
  const part: PartWithRegister = {
    register,
    take: (packet) => {
      const { body, from } = packet
      if (body._tag !== "KeeperAsked" && body._tag !== "KeeperSaid") taking.take(packet)
      // Whoever makes names up must not fill our memory, and our log, with what they have written.
      else if (!masters.includes(from.node)) count(context.counters, "not of a master")
      else if (logs.has(packet.group)) take(packet)
      else count(context.counters, "unknown group")
    },
    status: () => ({
      state: keeper.isOpen ? "seated" : "waiting",
      silent: taking.silent(),
      seats: store.seats.map(({ generation, replica }) => ({ ...replica, generation })),
      writes: store.writes,
      floors: store.floors.map(({ of, writes }) => ({ ...of, writes })),
      registers: registersOf(store)
    })
  }
  return part
})

/** Nobody can see whether a file is the newest: it is made such that an older one does no harm. */
const fileValue = (group: GroupId, version: number, state: MasterState): FileValue => {
  const { active, nextBallot } = state
  return {
    group,
    value: { version, text: masterText(broughtBack(state)) },
    newerFrom: active === undefined ? nextBallot : Ballot(active.ballot + 1),
    voters: active?.acceptors ?? []
  }
}

/** What the acceptors of a node have promised. */
export const promisesIn = (logs: ReadonlyMap<string, GroupLog>): ReadonlyArray<PromisedIn> =>
  [...logs].flatMap(([name, { promised }]) =>
    promised > noBallot ? [{ group: GroupId(name), ballot: promised }] : []
  )

/** Answers requests of all groups of the configuration, over a register. */
const serve = Effect.fnUntraced(function* (
  { config, context, logs, onFailure }: MasterPartOptions,
  register: Register
) {
  const { subjects, counters, self } = context
  const master = yield* spawnMaster({
    name: `${config.node}/master`,
    register,
    reply: ({ replyTo, group }, reply) => {
      if (reply._tag === "Refused") count(counters, "refused by the master")
      context.publish(replyTo, group, { _tag: "MasterAnswer", reply })
    },
    onFailure,
    onUnavailable: () => count(counters, "no majority of the masters")
  })
  endNode(onFailure, master)
  yield* context.listen(subjects.master(self.node), ({ from, group, body }, replyTo) => {
    if (body._tag !== "MasterAsk") return count(counters, `not for a master: ${body._tag}`)
    // A group is the name of a file here: only those of the configuration are.
    if (!logs.has(group)) return count(counters, "unknown group")
    const { request, promised = noBallot } = body
    master.offerUnsafe({ replyTo: replyTo ?? subjects.node(from.node), group, request, promised })
  })
})
