/** The core of a client as tests have it: it knows who leads, and its time is what the test says. */
import { Ballot, ClientId, GroupId, NodeId } from "../protocol/ids.ts"
import type { BusShape } from "../runtime/bus/port.ts"
import { packetCodec } from "../wire/packet.ts"
import { subjectsOf } from "../wire/subjects.ts"
import { type CoreOptions, GroupCore } from "./group-core.ts"
import { Link } from "./link.ts"

const group = GroupId("main")
export const client = ClientId("c1")
export const leader = NodeId("n1")
export const subjects = subjectsOf("c")
export const codec = packetCodec("c")

interface CoreOver extends Partial<Omit<CoreOptions, "client" | "link" | "nowMs">> {
  /** Called when it looks for a leader. */
  readonly look?: () => void
}

const nothing = () => {}

export const coreOver = (bus: BusShape, { look = nothing, ...options }: CoreOver = {}) => {
  const clock = { ms: 0 }
  const nowMs = () => clock.ms
  const around = { client, nowMs }
  const link = new Link({
    ...around,
    bus,
    subjects,
    codec,
    group,
    random: () => 1,
    run: look,
    onFound: nothing
  })
  const core = new GroupCore({ ...around, link, listen: nothing, forget: nothing, ...options })
  link.announced(leader, Ballot(2))
  return { clock, link, core }
}
