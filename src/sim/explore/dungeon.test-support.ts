/**
 * The dungeon: floors of rooms, monsters and traps; a key that shows itself rarely opens the stairs down, and
 * the last floor has the treasure.
 */
import { CountedRandom, type Recipe } from "../kernel/random.ts"
import type { Explored } from "./explore.ts"
import { Journal } from "./journal.ts"

export interface DungeonOptions {
  readonly floors: number
  /** Chance to find the key at a visit of its place. */
  readonly keyChance: number
  readonly steps: number
}

/** 8 floors, chance 0.03: about 2 in 10^11 by luck for the keys alone, without the monsters. */
export const eightFloors: DungeonOptions = { floors: 8, keyChance: 0.03, steps: 10_000 }

const width = 35
const height = 20
const healthMax = 5
const [wall, ground, trap, potion] = [0, 1, 2, 3]
const directions: ReadonlyArray<readonly [number, number]> = [
  [0, -1],
  [1, -1],
  [1, 0],
  [1, 1],
  [0, 1],
  [-1, 1],
  [-1, 0],
  [-1, -1]
]
const actionCount = directions.length + 2
const [descend, search] = [8, 9]

interface Floor {
  readonly tiles: Uint8Array
  readonly roomOf: Int8Array
  readonly rooms: number
  readonly start: number
  readonly key: number
  /** Stairs, or the treasure on the last floor. */
  readonly goal: number
  readonly monsters: Array<number>
}

const placeOf = (x: number, y: number): number => y * width + x

const digFloor = (random: CountedRandom, level: number): Floor => {
  const tiles = new Uint8Array(width * height)
  const roomOf = new Int8Array(width * height).fill(-1)
  const rooms = Array.from({ length: random.range(4, 6) }, () => {
    const [w, h] = [random.range(3, 6), random.range(3, 5)]
    return { x: random.range(1, width - w - 2), y: random.range(1, height - h - 2), w, h }
  })
  const centreX = (room: (typeof rooms)[number]) => room.x + (room.w >> 1)
  const centreY = (room: (typeof rooms)[number]) => room.y + (room.h >> 1)
  rooms.sort((a, b) => centreX(a) - centreX(b))
  for (const [index, room] of rooms.entries()) {
    for (let y = room.y; y < room.y + room.h; y++) {
      for (let x = room.x; x < room.x + room.w; x++) {
        tiles[placeOf(x, y)] = ground!
        roomOf[placeOf(x, y)] = index
      }
    }
  }
  for (let index = 1; index < rooms.length; index++) {
    const [from, to] = [rooms[index - 1]!, rooms[index]!]
    for (let x = centreX(from); x <= centreX(to); x++) tiles[placeOf(x, centreY(from))] = ground!
    const [top, bottom] = [Math.min(centreY(from), centreY(to)), Math.max(centreY(from), centreY(to))]
    for (let y = top; y <= bottom; y++) tiles[placeOf(centreX(to), y)] = ground!
  }
  const centre = (index: number) => placeOf(centreX(rooms[index]!), centreY(rooms[index]!))
  const start = centre(0)
  const key = centre(random.range(1, rooms.length - 2))
  const free = (): number => {
    for (let attempt = 0; attempt < 100; attempt++) {
      const place = random.below(width * height)
      if (tiles[place] === ground && place !== start) return place
    }
    return key
  }
  const cure = centre(random.range(1, rooms.length - 2))
  if (cure !== key) tiles[cure] = potion!
  for (let left = random.range(2, 3); left > 0; left--) tiles[free()] = trap!
  const monsters = Array.from({ length: random.range(2, 5) + (level >> 1) }, free)
  return { tiles, roomOf, rooms: rooms.length, start, key, goal: centre(rooms.length - 1), monsters }
}

const healthClass = (health: number): number => (health <= 1 ? 0 : health === 2 ? 1 : health <= 4 ? 2 : 3)

/** One adventurer, who walks at random. */
class Adventure {
  readonly #random: CountedRandom
  readonly #journal: Journal
  readonly #options: DungeonOptions
  #level = 1
  #floor: Floor
  #place: number
  #room = 0
  #health = healthMax
  #hasKey = false
  #lastAction = -1

  constructor(random: CountedRandom, journal: Journal, options: DungeonOptions) {
    this.#random = random
    this.#journal = journal
    this.#options = options
    this.#floor = digFloor(random, 1)
    this.#place = this.#floor.start
  }

  /** Undefined to go on. */
  step(): "dead" | "won" | undefined {
    const fresh = this.#random.below(actionCount)
    if (!this.#random.chance(0.7) || this.#lastAction < 0) this.#lastAction = fresh
    const action = this.#lastAction
    const atGoal = this.#place === this.#floor.goal
    if (action < directions.length) this.#walk(directions[action]!)
    else if (action === descend && atGoal && this.#hasKey && this.#level < this.#options.floors)
      this.#descend()
    else if (action === search && atGoal && this.#level === this.#options.floors) return "won"
    this.#moveMonsters()
    if (this.#health <= 0) return "dead"
    this.#lookAround()
    return undefined
  }

  #walk([dx, dy]: readonly [number, number]): void {
    const place = this.#place + dx + dy * width
    if (this.#floor.tiles[place] !== wall) this.#place = place
    const tile = this.#floor.tiles[this.#place]
    if (tile === potion) this.#health = Math.min(healthMax, this.#health + 2)
    if (tile === trap) this.#health -= 1
    this.#floor.tiles[this.#place] = ground!
  }

  #descend(): void {
    this.#level++
    this.#hasKey = false
    this.#floor = digFloor(this.#random, this.#level)
    this.#place = this.#floor.start
    this.#room = 0
    this.#journal.bucket("descended to", this.#level, healthClass(this.#health))
  }

  #moveMonsters(): void {
    const { monsters, tiles } = this.#floor
    for (let index = 0; index < monsters.length; index++) {
      const direction = directions[this.#random.below(directions.length + 1)]
      if (direction === undefined) continue
      const place = monsters[index]! + direction[0] + direction[1] * width
      if (tiles[place] !== wall) monsters[index] = place
    }
    if (monsters.includes(this.#place)) this.#health -= this.#random.range(1, 2)
  }

  #lookAround(): void {
    const health = healthClass(this.#health)
    const journal = this.#journal
    const level = this.#level
    journal.progress("level", level)
    const room = this.#floor.roomOf[this.#place]!
    if (room >= 0 && room !== this.#room) {
      this.#room = room
      journal.bucket("room", `${level}/${room}`, (this.#hasKey ? 4 : 0) + health)
    }
    if (this.#place === this.#floor.key && !this.#hasKey && level < this.#options.floors) {
      journal.bucket("at the key", level, health)
      if (this.#random.chance(this.#options.keyChance)) {
        this.#hasKey = true
        journal.once(`key of floor ${level}`)
      }
    }
    if (this.#place !== this.#floor.goal) return
    if (this.#hasKey) journal.bucket("at the stairs with the key", level, health)
    if (level === this.#options.floors) journal.once("at the treasure")
  }
}

/** Plays once by a recipe; the treasure is the failure. */
export const playDungeon =
  (options: DungeonOptions) =>
  (recipe: Recipe): Explored => {
    const random = new CountedRandom(recipe)
    const journal = new Journal(random)
    const adventure = new Adventure(random, journal, options)
    for (let step = 0; step < options.steps; step++) {
      const end = adventure.step()
      if (end === "won") return { marks: journal.marks, failure: "the treasure was found" }
      if (end === "dead") break
    }
    return { marks: journal.marks }
  }
