/** What groups do beside each other on the nodes that they share: which turns of that a run has come by. */
import { sometimes } from "../assert.ts"
import type { DiskLog } from "./disk.ts"
import type { Oracle } from "./oracle.ts"

const apart = sometimes("groups: two groups were led by different nodes")
const atOne = sometimes("groups: one node led several groups")
const rested = sometimes("groups: a group rested while another worked")
const restedTogether = sometimes("groups: two groups rested at one node")
const restarted = sometimes("groups: a node restarted with records of several groups")

/** A group, as far as this is about it. */
interface Beside {
  readonly oracle: Oracle
}

/** Who leads a group, and whether in silence. */
interface Led {
  readonly node: string
  readonly isSilent: boolean
}

/** Looks at all groups of a cluster at once. */
export class Together {
  readonly #groups: ReadonlyArray<Beside>
  readonly #led: Array<Led | undefined>
  readonly #chosen: Array<number>

  constructor(groups: ReadonlyArray<Beside>) {
    this.#groups = groups
    this.#led = groups.map(() => undefined)
    this.#chosen = groups.map(() => 0)
  }

  /** A group has come up on a node, and its disk was read. */
  up(life: number, log: DiskLog): void {
    const written = [...log.groups.values()].filter(({ entries }) => entries.last > 0)
    restarted.check(life > 1 && written.length > 1)
  }

  /** A node has done something, and its groups were looked at. */
  look(node: string): void {
    for (const [index, { oracle }] of this.#groups.entries()) {
      const leader = oracle.running.get(node)?.leader
      const led = this.#led[index]
      const isLed = leader?._tag === "Serving"
      if (isLed && (led?.node !== node || led.isSilent !== leader.isSilent))
        this.#note(index, { node, isSilent: leader.isSilent })
      else if (!isLed && led?.node === node) this.#led[index] = undefined
      const { last } = oracle.chosen
      if (last === this.#chosen[index]) continue
      this.#chosen[index] = last
      rested.check(this.#led.some((other, at) => at !== index && other?.isSilent === true))
    }
  }

  #note(index: number, led: Led): void {
    this.#led[index] = led
    const others = this.#led.filter((other, at) => at !== index && other !== undefined)
    apart.check(others.some((other) => other?.node !== led.node))
    atOne.check(others.some((other) => other?.node === led.node))
    restedTogether.check(led.isSilent && others.some((other) => other?.isSilent && other.node === led.node))
  }

  /** The process of a node is gone. */
  down(node: string): void {
    for (const [index, led] of this.#led.entries()) if (led?.node === node) this.#led[index] = undefined
  }
}
