/** What the masters hold, as the command line shows it and copies it into files. */
import { join } from "node:path"
import { Effect } from "effect"
import { masterFileOf, type Versioned } from "../actors/master/register.ts"
import { masterOfText } from "../actors/master/state.ts"
import type { NodeSeen } from "../client/discover.ts"
import { Files } from "../runtime/storage/port.ts"
import { CommandFailed, exitCodes } from "./failure.ts"
import { mastersShown } from "./masters-shown.ts"

export interface MasterShown {
  readonly id: string
  /** `file` for an only master, `waiting` before it has its seat, `seated` after that, `silent`. */
  readonly state: string
  /** How often the register of each group was written, as far as this master knows. */
  readonly versions: Readonly<Record<string, number>>
}

export interface RegisterShown {
  readonly group: string
  /** The newest that a majority of the masters holds; null where no majority agrees just now. */
  readonly version: number | null
  readonly ballot: number | null
  readonly generation: number | null
  readonly leader: string | null
  readonly acceptors: ReadonlyArray<string>
  readonly drained: ReadonlyArray<string>
}

export interface MasterStateShown {
  readonly cluster: string
  readonly masters: ReadonlyArray<MasterShown>
  /** Whether a majority of the masters answered. Without one configurations cannot change. */
  readonly majority: boolean
  readonly groups: ReadonlyArray<RegisterShown>
}

type Held = NonNullable<NonNullable<NodeSeen["master"]>["registers"]>[number]

/** What each master that answered says of its disk. */
const heldBy = (seen: ReadonlyArray<NodeSeen>, masters: ReadonlyArray<string>): ReadonlyArray<Held> =>
  seen.filter(({ id }) => masters.includes(id)).flatMap(({ master }) => master?.registers ?? [])

/**
 * The newest state of each group that a majority of the masters holds alike, by name of the group; undefined
 * where none do, as while a change is under way.
 */
export const agreedStates = (seen: ReadonlyArray<NodeSeen>): ReadonlyMap<string, Versioned | undefined> => {
  const { nodes } = mastersShown(seen)
  const held = heldBy(seen, nodes)
  const groups = new Set(seen.flatMap((node) => node.groups.map(({ group }) => group)))
  for (const { group } of held) groups.add(group)
  return new Map([...groups].sort().map((group) => [group, agreed(group, held, nodes.length)]))
}

const agreed = (group: string, held: ReadonlyArray<Held>, masters: number): Versioned | undefined => {
  const copies = held.filter((one) => one.group === group).sort((a, b) => b.version - a.version)
  const isAgreed = ({ version, state }: Held) =>
    copies.filter((one) => one.version === version && one.state === state).length * 2 > masters
  const found = copies.find(isAgreed)
  const state = found === undefined ? undefined : masterOfText(found.state)
  return found === undefined || state === undefined ? undefined : { version: found.version, state }
}

const registerShown = (group: string, agreed: Versioned | undefined): RegisterShown => {
  const active = agreed?.state.active
  return {
    group,
    version: agreed?.version ?? null,
    ballot: active?.ballot ?? null,
    generation: active?.generation ?? null,
    leader: active?.leader.node ?? null,
    acceptors: active?.acceptors.map(({ node }) => node) ?? [],
    drained: agreed?.state.drained ?? []
  }
}

/** What the answers come to. */
export const masterStateShown = (cluster: string, seen: ReadonlyArray<NodeSeen>): MasterStateShown => {
  const { nodes, majority } = mastersShown(seen)
  const byName = new Map(seen.map((node) => [node.id, node]))
  return {
    cluster,
    majority,
    masters: nodes.map((id) => {
      const master = byName.get(id)?.master
      const versions = (master?.registers ?? []).map(({ group, version }) => [group, version] as const)
      return { id, state: master?.state ?? "silent", versions: Object.fromEntries(versions) }
    }),
    groups: [...agreedStates(seen)].map(([group, state]) => registerShown(group, state))
  }
}

/**
 * Writes a file for each group into a directory, which is made where it is absent. Each is durable on return,
 * and whole or not there after whatever stops this. Fails with a sentence and exit code 1.
 */
export const writeCopies = Effect.fnUntraced(
  function* (directory: string, copies: ReadonlyArray<readonly [string, Versioned]>) {
    const files = yield* Files
    yield* files.makeDirectory(directory)
    return yield* Effect.forEach(copies, ([group, copy]) => {
      const path = join(directory, `${group}.json`)
      const written = { group, version: copy.version, file: path }
      return Effect.as(files.writeFileAtomic(path, masterFileOf(copy)), written)
    })
  },
  Effect.mapError(({ full, path, reason }) => {
    const why = full ? `the disk of ${path} is full` : reason
    return new CommandFailed({ reason: `the copy cannot be written: ${why}`, exitCode: exitCodes.no })
  })
)
