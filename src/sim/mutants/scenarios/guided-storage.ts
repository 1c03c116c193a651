/** Scenarios about disks: what is lost, rots, is an old copy, or becomes a snapshot. */

import { type Simulation, simulate } from "../../simulation.ts"
import { restarts } from "../../swarm/attrition.ts"
import { oldCopies } from "../../swarm/copies.ts"
import { failedChanges, slowDisks } from "../../swarm/disk.ts"
import { killsInWrites, killsInWritesOfMaster } from "../../swarm/kills-in-writes.ts"
import { diskLosses } from "../../swarm/members.ts"
import { messageFaults } from "../../swarm/network.ts"
import { crashPoints } from "../../swarm/process.ts"
import { commands } from "../../workload/commands.ts"
import { busyRegisters, largeRegisters } from "../../workload/registers.ts"
import { copiesOfMasters, emptyFirst, oneCopyTwice } from "./copies.ts"
import {
  badDisks,
  briefCuts,
  powerCuts,
  quickRivals,
  retirements,
  rotOfOne,
  rotOfOneAlone,
  smallPieces,
  surely,
  wipes
} from "./families.ts"
import {
  addOperator,
  mayStop,
  scenario,
  small,
  three,
  threeAndMasters,
  threeWithoutLeases
} from "./guided-shapes.ts"
import { killedCuts } from "./killed-cuts.ts"
import { misplacedDirectories } from "./misplaced.ts"
import { rotAtTheEnd } from "./rot.ts"
import { snapshotsMade } from "./snapshots-made.ts"
import { strandedLogs } from "./stranded.ts"
import { bulkyRegisters, tornFirsts } from "./torn-firsts.ts"

export const storageScenarios: ReadonlyArray<Simulation> = [
  scenario("power", "power is cut while disks are slow").faults(
    powerCuts,
    surely(slowDisks),
    crashPoints,
    quickRivals
  ),
  scenario("kills", "processes are killed in the middle of writes, and machines lose their power after it", {
    ...small,
    snapshots: true
  }).faults(surely(killsInWrites), slowDisks, quickRivals),
  scenario(
    "master-kills",
    "the master is killed while it writes, and its machine loses its power after it",
    three
  ).faults(surely(killsInWritesOfMaster), quickRivals),
  simulate("killed-cuts")
    .about("whoever cuts off what a power cut has torn is killed in that, and the power is cut again")
    .cluster(small)
    .workload(largeRegisters)
    .faults(killedCuts, surely(slowDisks), quickRivals)
    .chaosFor({ min: 4_000, max: 8_000 }),
  simulate("slow-segments")
    .about("the power goes while slow disks make the segments that logs go on in")
    .cluster({ ...small, snapshots: true })
    .workload(bulkyRegisters)
    .faults(surely(slowDisks), powerCuts)
    .chaosFor({ min: 3_000, max: 6_000 }),
  simulate("unsynced-segments")
    .about("files are made whose directories cannot be synced, and the power goes")
    .cluster({ ...small, snapshots: true })
    .workload(bulkyRegisters)
    .faults(surely(failedChanges), powerCuts)
    .chaosFor({ min: 3_000, max: 6_000 }),
  simulate("torn-firsts")
    .about("the power tears large writes, many of them the first of a segment of the log")
    .cluster({ ...small, snapshots: true })
    .workload(bulkyRegisters)
    .faults(tornFirsts)
    .chaosFor({ min: 6_000, max: 12_000 }),
  scenario("bad-disks", "writes fail, and nodes take the lead from each other").faults(
    badDisks,
    quickRivals,
    restarts
  ),
  scenario("brim", "writes fail, some of them where a segment of the log ends and the next begins", {
    ...small,
    snapshots: true
  }).faults(badDisks, restarts),
  simulate("cut-masters")
    .about("masters lose their power while the logs that they keep their register in are cut")
    .cluster({ acceptors: { min: 3, max: 3 }, masterApart: 0, masters: 3, snapshots: true, patient: true })
    .workload(largeRegisters)
    .faults(quickRivals, powerCuts)
    .chaosFor({ min: 6_000, max: 12_000 }),
  scenario("rot-at-the-end", "the last frame of a log rots, and the one behind it is torn or there is none")
    .faults(rotAtTheEnd, surely(slowDisks), quickRivals)
    .expectingDamage(),
  simulate("late-witnesses")
    .about("a node comes back with an old copy, and those who know better come up after it")
    .cluster({ acceptors: { min: 3, max: 3 }, masterApart: 1, snapshots: false })
    .workload(busyRegisters)
    .faults(oldCopies({ everybodyShare: 1, othersLateMs: 600 }))
    .chaosFor({ min: 10_000, max: 20_000 }),
  scenario("misplaced-directories", "nodes are started on the directories of others", three)
    .faults(misplacedDirectories)
    .chaosFor({ min: 4_000, max: 8_000 }),
  simulate("snapshots-made")
    .about("snapshots are made of a log that grows slowly, and nothing fails")
    .cluster({ acceptors: { min: 2, max: 3 }, masterApart: 0.5, snapshots: true })
    .workload(commands({ clients: 2, count: { min: 300, max: 800 }, keys: 5 }))
    .setup(snapshotsMade)
    .chaosFor({ min: 3_000, max: 6_000 }),
  simulate("laggards")
    .about("nodes that lost their disks pull snapshots in small pieces while new ones are made all the time")
    .cluster({ acceptors: { min: 3, max: 3 }, masterApart: 1, snapshots: true })
    .workload(busyRegisters)
    .faults(diskLosses, smallPieces)
    .chaosFor({ min: 6_000, max: 10_000 }),
  simulate("stranded")
    .about("a long end of a log that was never chosen meets a snapshot of what was")
    .cluster({ ...threeWithoutLeases, snapshots: true })
    .workload(commands({ clients: 10, count: { min: 400, max: 2_000 }, keys: 20 }))
    .faults(strandedLogs)
    .chaosFor({ min: 10_000, max: 20_000 }),
  mayStop(
    scenario("copies", "masters lose their disks, and a copy of their state is put back", threeAndMasters)
      .setup(addOperator)
      .faults(copiesOfMasters, retirements, briefCuts)
      .chaosFor({ min: 6_000, max: 15_000 })
  ),
  mayStop(
    scenario("one-copy-twice", "masters begin twice with one copy, and hand a number out twice", {
      ...threeAndMasters,
      leases: false
    })
      .faults(oneCopyTwice)
      .chaosFor({ min: 4_000, max: 10_000 })
  ),
  mayStop(
    scenario("empty-first", "the first acceptor keeps the master and comes back with an empty disk", {
      acceptors: { min: 2, max: 4 },
      masterApart: 0,
      masterFirst: true
    }).faults(emptyFirst, quickRivals, messageFaults)
  ),
  mayStop(
    scenario("wiped", "disks are replaced by empty ones while nodes take the lead", three).faults(
      wipes,
      quickRivals
    )
  ),
  mayStop(
    scenario("rotten-snapshots", "the disk of one node rots, its snapshots too", {
      ...three,
      snapshots: true
    }).faults(rotOfOne, quickRivals)
  ),
  mayStop(
    scenario("rot", "the disk of one node rots, and nobody can tell it", three)
      .faults(rotOfOneAlone, quickRivals)
      .chaosFor({ min: 6_000, max: 12_000 })
  )
]
