/**
 * Who is here: nodes tell each other their storage, two processes under one name find each other out, and so
 * does one that was given an old copy of its disk.
 */
import { Clock, Data, Effect, Random } from "effect"
import { type Ballot, GroupId, type NodeId, noBallot, type Replica } from "../../protocol/ids.ts"
import type { Floor } from "../../protocol/liveness/detector.ts"
import type { PromisedIn } from "../../protocol/master/taking-seat.ts"
import type { Hello, Packet } from "../../wire/packet.ts"
import type { NodeConfig } from "../node/config.ts"
import type { NodeContext } from "../node/context.ts"
import { type Floors, StorageRolledBack } from "./floors.ts"

/** Another process runs under this node's name. */
export class DuplicateNode extends Data.TaggedError("DuplicateNode")<{ readonly node: string }> {
  override get message(): string {
    return `another process runs as node ${this.node} in this cluster; stop it, or give this one another name`
  }
}

export type PresenceFailure = DuplicateNode | StorageRolledBack

/** What a node knows by its disk. */
export interface DiskKnown {
  /** What its acceptors have promised. */
  readonly promised: () => ReadonlyArray<PromisedIn>
  readonly floors: Floors
  /** Frames that its log had when it was opened: where it had none, nobody can have heard of it. */
  readonly framesFound: number
  /** Durable frames that it has now. */
  readonly frames: () => number
}

export interface Presence {
  /** The replica that a node said it is; undefined before it was heard. */
  readonly replicaOf: (node: NodeId) => Replica | undefined
  /** The highest ballot of a group that a node was heard to have promised. */
  readonly promisedOf: (group: GroupId) => Ballot
  /**
   * Fails when another process turns out to be this node, and to have been here first; or when somebody has
   * heard this node's disk tell of more than it has.
   */
  readonly failure: Effect.Effect<never, PresenceFailure>
  /**
   * Another node says how many frames its disk has; 0 where it does not tell, as in older versions. One that
   * was heard to have more is told so.
   */
  readonly hearFrames: (from: Replica, frames: number) => void
  /** Says hello again: after the bus was away, somebody else may have taken the name. */
  readonly greet: () => void
  /** The same for those who wait to hear of a node: not more often than now and then, however many wait. */
  readonly lookFor: () => void
}

/** How often it asks again those who have not answered. */
const askAgainMs = 100
/** Many groups may want to hear of the same nodes: at most one hello goes out in this time. */
const greetEveryMs = 40
/** How long a starting node listens for another one of its name. */
const listenMs = 250
/** How long a node that had a disk waits for all others before it counts on what that holds. */
const patienceMs = 1000
const noGroup = GroupId("")

/** Of whom and of what others can tell: whoever makes names up must not fill our memory with them. */
type Named = Pick<NodeConfig, "nodes" | "groups">

/** One life of the process. */
type Started = Pick<Hello, "instance" | "startedAtMs">

const isEarlier = (a: Started, b: Started): boolean =>
  a.startedAtMs < b.startedAtMs || (a.startedAtMs === b.startedAtMs && a.instance < b.instance)

class Attendance implements Presence {
  isStarting = true
  failed: PresenceFailure | undefined
  readonly #context: NodeContext
  readonly #nodes: ReadonlyArray<string>
  readonly #groups: ReadonlySet<string>
  readonly #disk: DiskKnown
  readonly #me: Started
  readonly #known: Map<NodeId, Replica>
  readonly #promised = new Map<GroupId, Ballot>()
  #onFailed: ((failure: PresenceFailure) => void) | undefined
  #greetedAtMs = Number.NEGATIVE_INFINITY

  constructor(context: NodeContext, { nodes, groups }: Named, disk: DiskKnown, me: Started) {
    this.#context = context
    this.#nodes = nodes
    this.#groups = new Set(groups.map(({ name }) => name))
    this.#disk = disk
    this.#me = me
    this.#known = new Map([[context.self.node, context.self]])
  }

  get isComplete(): boolean {
    return this.#known.size === this.#nodes.length
  }

  replicaOf(node: NodeId): Replica | undefined {
    return this.#known.get(node)
  }

  promisedOf(group: GroupId): Ballot {
    return this.#promised.get(group) ?? noBallot
  }

  readonly failure = Effect.callback<never, PresenceFailure>((resume) => {
    this.#onFailed = (failure) => resume(Effect.fail(failure))
    if (this.failed !== undefined) this.#onFailed(this.failed)
  })

  greet(): void {
    this.#say(true)
  }

  lookFor(): void {
    this.#nowAndThen(true)
  }

  hearFrames(from: Replica, frames: number): void {
    if (frames === 0 || !this.#nodes.includes(from.node)) return
    const { floors } = this.#disk
    if (!floors.raise(from, frames)) this.#nowAndThen(false)
    floors.note(this.#context.monotonicMs())
  }

  readonly hear = ({ from, body }: Packet, replyTo: string | undefined): void => {
    if (body._tag !== "Hello" || body.instance === this.#me.instance) return
    const isNamesake = from.node === this.#context.self.node
    if (isNamesake) this.#hearNamesake(body)
    else if (this.#nodes.includes(from.node)) this.#hearNode(from, body)
    // Whoever has not got its name yet does not defend it.
    if (body.asks && !(isNamesake && this.isStarting)) this.#answer(body.instance, replyTo)
  }

  #hearNamesake(hello: Hello): void {
    const isAnswer = hello.answers === this.#me.instance
    if (isAnswer && (this.isStarting || isEarlier(hello, this.#me)))
      this.#fail(new DuplicateNode({ node: this.#context.self.node }))
    else if (hello.answers === "" && isEarlier(hello, this.#me)) this.greet()
  }

  #hearNode(from: Replica, { promised, floors }: Hello): void {
    this.#known.set(from.node, from)
    for (const { group, ballot } of promised)
      if (ballot > this.promisedOf(group) && this.#groups.has(group)) this.#promised.set(group, ballot)
    for (const floor of floors) this.#hearFloor(floor, from.node)
    // An old copy that is started again and again must not come further by what it hears.
    if (!this.isStarting) this.#disk.floors.note(this.#context.monotonicMs())
  }

  #hearFloor({ of, frames: floor }: Floor, by: NodeId): void {
    const { self } = this.#context
    const { floors, framesFound } = this.#disk
    const frames = this.isStarting ? framesFound : this.#disk.frames()
    if (of.node !== self.node) {
      if (this.#nodes.includes(of.node)) floors.raiseByHearsay(of, floor)
    } else if (of.storage === self.storage && floor > frames)
      this.#fail(new StorageRolledBack({ node: self.node, frames, floor, by }))
  }

  #fail(failure: PresenceFailure): void {
    this.failed ??= failure
    this.#onFailed?.(failure)
  }

  #nowAndThen(asks: boolean): void {
    const nowMs = this.#context.monotonicMs()
    if (nowMs - this.#greetedAtMs < greetEveryMs) return
    this.#greetedAtMs = nowMs
    this.#say(asks)
  }

  #say(asks: boolean): void {
    const { publish, subjects, self } = this.#context
    publish(subjects.hello, noGroup, this.#hello(asks, ""), asks ? subjects.helloTo(self.node) : undefined)
  }

  /** To the asker alone: what this node has to say to all it says when it starts. */
  #answer(instance: string, replyTo: string | undefined): void {
    // Older versions name no place for answers: they listen where all do.
    this.#context.publish(replyTo ?? this.#context.subjects.hello, noGroup, this.#hello(false, instance))
  }

  #hello(asks: boolean, answers: string): Hello {
    const { promised, floors } = this.#disk
    return { _tag: "Hello", ...this.#me, asks, answers, promised: promised(), floors: floors.all }
  }
}

/**
 * Announces this node and listens for the others. Fails with `DuplicateNode` where the name is taken: then
 * somebody under it answers while this node starts. Of two that meet later, the one that started earlier
 * stays.
 *
 * Only an answer to this very process proves that somebody is there: a hello by itself may be an old one, of
 * this node's last life, that somebody sends again.
 *
 * Fails with `StorageRolledBack` where another node has heard of more than is on the disk. A node that has
 * something on its disk waits for all others to say what they heard, for a second where some do not; later
 * it ends whenever somebody does.
 */
export const announce = Effect.fnUntraced(function* (context: NodeContext, named: Named, disk: DiskKnown) {
  const { subjects, monotonicMs } = context
  const instance = `${(yield* Random.nextInt).toString(36)}${(yield* Random.nextInt).toString(36)}`
  const startedAtMs = yield* Clock.currentTimeMillis
  const attendance = new Attendance(context, named, disk, { instance, startedAtMs })
  yield* context.listen(subjects.helloTo(context.self.node), attendance.hear)
  yield* context.listen(subjects.hello, attendance.hear)
  const untilMs = monotonicMs() + patienceMs
  const isPatient = () => disk.framesFound > 0 && !attendance.isComplete && monotonicMs() < untilMs
  attendance.greet()
  yield* Effect.sleep(listenMs)
  while (attendance.failed === undefined && isPatient()) {
    attendance.greet()
    yield* Effect.sleep(askAgainMs)
  }
  if (attendance.failed !== undefined) return yield* attendance.failed
  attendance.isStarting = false
  // Of two that started in the same moment each hears the other only now.
  attendance.greet()
  const presence: Presence = attendance
  return presence
})
