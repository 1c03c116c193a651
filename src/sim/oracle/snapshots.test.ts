/** Tests of what the laws read of snapshots. */
import { describe, expect, it } from "vitest"
import { kvMachine } from "../../machines/kv.ts"
import { Ballot, Slot } from "../../protocol/ids.ts"
import type { AnyMachine } from "../../protocol/learner/machine.ts"
import { emptyReplica } from "../../protocol/learner/replica.ts"
import { freezeReplica } from "../../protocol/learner/snapshot.ts"
import { pack } from "../../runtime/codec.ts"
import { BlockWriter } from "../../runtime/storage/blocks.ts"
import { DiskImage } from "../disk/image.ts"
import { snapshotsOn } from "./snapshots.ts"

const machine = kvMachine as unknown as AnyMachine

const snapshotOf = (slot: number): Uint8Array => {
  const replica = emptyReplica(machine)
  replica.applied = Slot(slot)
  const blocks = new BlockWriter()
  const parts = [...freezeReplica("main", machine, replica, Ballot(2)).parts]
  return new Uint8Array(Buffer.concat([...parts.map((part) => blocks.block(pack(part))), blocks.end()]))
}

const diskWith = (...contents: ReadonlyArray<Uint8Array>): DiskImage => {
  const image = new DiskImage()
  for (const [index, bytes] of contents.entries())
    image.replace(`/data/snapshots/main/${index}.snapshot`, bytes)
  return image
}

const slotsOn = (image: DiskImage) => snapshotsOn(image, "/data", "main", machine).map(({ slot }) => slot)

describe("snapshots on a disk", () => {
  it("are found wherever they stand, equal ones too", () => {
    expect(slotsOn(diskWith(snapshotOf(3), snapshotOf(4)))).toEqual([3, 4])
    expect(slotsOn(diskWith(snapshotOf(4)))).toEqual([4])
  })

  it("are not sound where one byte differs from one that is", () => {
    const sound = snapshotOf(5)
    expect(slotsOn(diskWith(sound))).toEqual([5])
    for (let at = 0; at < sound.length; at++) {
      const damaged = new Uint8Array(sound)
      damaged[at]! ^= 1
      expect(slotsOn(diskWith(damaged, sound))).toEqual([5])
    }
  })

  it("are read anew when the file was written to since", () => {
    const image = diskWith(snapshotOf(6))
    expect(slotsOn(image)).toEqual([6])
    image.files.get("/data/snapshots/main/0.snapshot")!.write(9, new Uint8Array([0xff]))
    expect(slotsOn(image)).toEqual([])
  })

  it("are of the machine that asks", () => {
    const image = diskWith(snapshotOf(7))
    const states = snapshotsOn(image, "/data", "main", machine).map(({ state }) => state)
    const encode = () => "another state"
    const other = { ...machine, forms: { ...machine.forms, state: { ...machine.forms.state, encode } } }
    expect(
      snapshotsOn(diskWith(snapshotOf(7)), "/data", "main", other).map(({ state }) => state)
    ).not.toEqual(states)
  })
})
