/**
 * What a simulation does at the places that shipped code offers: turns knobs, makes rare things happen, kills
 * at named points.
 */
import { type Disturber, disturb, knobs } from "../../runtime/buggify.ts"
import { reachable } from "../assert.ts"
import type { Kernel } from "../kernel/kernel.ts"
import { CountedRandom } from "../kernel/random.ts"
import type { SimProcess } from "../process.ts"
import { hashString } from "../trace/trace.ts"

/** How much of it there is. Everything 0: shipped code is as shipped. */
export interface BuggifyRates {
  /** Probability, for each knob, that a run turns it. */
  readonly knobRate: number
  /** Probability, for each site, that it misbehaves in a run at all. */
  readonly siteRate: number
  /** Probability, at each visit of such a site, that it does. */
  readonly fireRate: number
}

const noBuggify: BuggifyRates = { knobRate: 0, siteRate: 0, fireRate: 0 }
export const someBuggify: BuggifyRates = { knobRate: 0.25, siteRate: 0.3, fireRate: 0.05 }

/** Named points of shipped code at which a process can be killed; all of them should be come by. */
const points = new Map(
  [
    "before persist",
    "after persist, before reply",
    "after the master wrote, before its reply",
    "snapshot durable, before the cut",
    "after the cut"
  ].map((name) => [name, reachable(`point: ${name}`)])
)

/** What a disturbance needs of the world. */
export interface Disturbed {
  readonly kernel: Kernel
  readonly random: CountedRandom
  readonly phase: string
  readonly processes: ReadonlyMap<string, SimProcess>
  readonly startLater: (process: SimProcess, afterMs: number) => void
}

/** The disturbance of one run. */
export class Disturbance implements Disturber {
  rates: BuggifyRates = noBuggify
  /** Probability that a process is killed at a named point when it comes by. */
  crashRate = 0
  /** Knobs as they were turned, by name. */
  readonly turned: Record<string, number> = {}
  readonly #world: Disturbed
  readonly #sites = new Map<string, boolean>()

  constructor(world: Disturbed) {
    this.#world = world
  }

  /** Turns the knobs. Each by a stream of its own, so that a knob more or less moves no draw of the run. */
  turnKnobs(): void {
    for (const knob of knobs()) {
      const own = new CountedRandom((this.#world.random.recipe.seed ^ hashString(knob.name)) >>> 0)
      if (!own.chance(this.rates.knobRate)) continue
      const [low, high] = [Math.log(knob.min + 1), Math.log(knob.max + 1)]
      knob.value = Math.round(Math.exp(low + own.double() * (high - low)) - 1)
      this.turned[knob.name] = knob.value
    }
  }

  /** Turns one knob as far down as it goes. */
  turnDown(name: string): void {
    const found = knobs().find((knob) => knob.name === name)
    if (found === undefined) throw new Error(`no knob is called ${name}`)
    found.value = found.min
    this.turned[name] = found.min
  }

  begin(): void {
    disturb(this)
  }

  end(): void {
    disturb(undefined)
    for (const knob of knobs()) knob.value = knob.normal
  }

  chance(site: string): boolean {
    const { random, phase } = this.#world
    if (this.rates.siteRate <= 0 || phase !== "chaos") return false
    let open = this.#sites.get(site)
    if (open === undefined) this.#sites.set(site, (open = random.chance(this.rates.siteRate)))
    if (!open || !random.chance(this.rates.fireRate)) return false
    this.#world.kernel.trace.strike("buggify", "world", { site })
    return true
  }

  point(name: string): void {
    const world = this.#world
    points.get(name)?.reach()
    if (world.phase !== "chaos" || !world.random.chance(this.crashRate)) return
    const process = world.processes.get(world.kernel.ready.lastStrand?.owner.name ?? "")
    if (process === undefined || !process.running) return
    world.kernel.trace.strike("crash-at-point", process.name, { point: name })
    process.kill(world.random.chance(0.5) ? "power" : "crash")
    world.startLater(process, world.random.range(20, 1000))
  }
}
