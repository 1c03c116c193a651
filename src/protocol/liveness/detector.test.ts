/** Who falls silent is suspected in time, whoever is heard is trusted, and an own stall blames nobody. */
import { describe, expect, it } from "vitest"
import { NodeId, type Replica, StorageId } from "../ids.ts"
import {
  type Beat,
  beatNow,
  busChanged,
  type DetectorState,
  heardBeat,
  lookAround,
  nextLookMs,
  peerOf,
  watchNodes
} from "./detector.ts"

const [n1, n2, n3] = ["n1", "n2", "n3"].map((name) => NodeId(name)) as [NodeId, NodeId, NodeId]
const on = (node: NodeId, storage = "s"): Replica => ({ node, storage: StorageId(storage) })
const settings = { heartbeatIntervalMs: 50, failureTimeoutMs: 250 }
const watching = () => watchNodes([n2, n3], settings, 7, 0)

const beat = (number: number, more: Partial<Beat> = {}): Beat => ({
  _tag: "Beat",
  life: 1,
  number,
  sentAtMs: 0,
  lagMs: 0,
  frames: 7,
  echoes: [],
  ...more
})
const echo = (sentAtMs: number): Beat["echoes"] => [{ node: n1, life: 7, sentAtMs, heldMs: 0 }]
const heard = (state: DetectorState, from: NodeId, atMs: number, message: Beat) =>
  heardBeat(state, n1, on(from), message, atMs)
const suspects = (state: DetectorState) =>
  state.peers.filter((peer) => peer.isSuspected).map(({ node }) => node)

/** Beats on time until `throughMs`, so that nothing but silence counts. */
const awake = (state: DetectorState, throughMs: number): DetectorState => {
  let next = state
  for (let atMs = next.beatDueAtMs; atMs <= throughMs; atMs += settings.heartbeatIntervalMs)
    next = beatNow(next, atMs, 7).state
  return next
}

describe("suspicion", () => {
  it("falls on a node that was silent for the timeout, and on no other", () => {
    const spoken = heard(awake(watching(), 100), n2, 100, beat(1)).state
    expect(nextLookMs(spoken, 100)).toBe(150)
    const step = lookAround(awake(spoken, 250), 250)
    expect(step.suspected).toEqual([n3])
    expect(suspects(step.state)).toEqual([n3])
    expect(lookAround(step.state, 251).suspected).toEqual([])
    expect(nextLookMs(step.state, 250)).toBe(100)
  })

  it("ends with the next beat, and says so once", () => {
    const late = lookAround(awake(watching(), 250), 250).state
    const step = heard(late, n2, 260, beat(1))
    expect(step.trusted).toEqual([n2])
    expect(suspects(step.state)).toEqual([n3])
    expect(heard(step.state, n2, 270, beat(2)).trusted).toEqual([])
  })

  it("is not put off by a late copy of an old beat, nor by a stranger", () => {
    const spoken = heard(watching(), n2, 10, beat(5)).state
    expect(heard(spoken, n2, 200, beat(5)).state).toBe(spoken)
    expect(heard(spoken, n2, 200, beat(4)).state).toBe(spoken)
    expect(heard(spoken, NodeId("n9"), 200, beat(6)).state).toBe(spoken)
  })

  it("takes a new life that has heard this node, whatever its number, and the disk that it names", () => {
    const spoken = heard(watching(), n2, 10, beat(5, { echoes: echo(5) })).state
    const other = (life: number, more: Partial<Beat>) =>
      heardBeat(spoken, n1, on(n2, "other"), beat(1, { life, ...more }), 40).state
    expect(peerOf(other(2, { echoes: echo(30) }), n2)).toMatchObject({ heardAtMs: 40, storage: "other" })
    for (const more of [{}, { echoes: echo(5) }])
      expect(peerOf(other(2, more), n2)).toMatchObject({ heardAtMs: 10, storage: "s", beat: { life: 1 } })
  })

  it("is not put off by beats of lives that are over, however often they come again, in turns", () => {
    let state = watching()
    for (const life of [1, 2])
      state = heard(state, n2, life * 10, beat(1, { life, echoes: echo(life * 10) })).state
    for (let atMs = 50; atMs <= 300; atMs += 50) {
      state = awake(state, atMs)
      for (const life of [1, 2])
        state = heard(state, n2, atMs, beat(1, { life, echoes: echo(life * 10) })).state
    }
    expect(lookAround(state, 300).suspected).toEqual([n2, n3])
  })
})

describe("two nodes that know each other by lives that are over", () => {
  /** Lives of both, at `fromMs`, that heard beats of these lives of each other first. */
  const mistaken = (fromMs: number, lives: readonly [number, number]) => {
    const begin = (self: NodeId, other: NodeId, life: number, heardLife: number) =>
      heardBeat(
        watchNodes([other], settings, life, fromMs),
        self,
        on(other),
        beat(99, { life: heardLife }),
        fromMs
      )
    return [begin(n1, n2, 11, lives[1]).state, begin(n2, n1, 12, lives[0]).state] as const
  }
  /** Both beat and hear each other through `throughMs`; beats of these old lives come in between. */
  const beating = (lives: readonly [number, number], throughMs: number, old: ReadonlyArray<number> = []) => {
    let [one, two] = mistaken(0, lives)
    for (let atMs = 50; atMs <= throughMs; atMs += 50) {
      const [ofOne, ofTwo] = [beatNow(one, atMs, 7), beatNow(two, atMs, 7)]
      one = heardBeat(ofOne.state, n1, on(n2), ofTwo.beat, atMs + 1).state
      two = heardBeat(ofTwo.state, n2, on(n1), ofOne.beat, atMs + 1).state
      for (const life of old) two = heardBeat(two, n2, on(n1), beat(atMs, { life }), atMs).state
      one = lookAround(one, atMs + 1).state
      two = lookAround(two, atMs + 1).state
    }
    return [one, two] as const
  }
  const knownLives = ([one, two]: readonly [DetectorState, DetectorState]) => [
    peerOf(two, n1)?.beat?.life,
    peerOf(one, n2)?.beat?.life
  ]

  it("believe each other after a beat or two", () => {
    const both = beating([1, 2], 200)
    expect(knownLives(both)).toEqual([11, 12])
    expect(both.map(suspects)).toEqual([[], []])
    expect(knownLives(beating([1, 12], 200))).toEqual([11, 12])
    expect(both.map((state) => beatNow(state, 250, 7).beat.echoes.length)).toEqual([1, 1])
  })

  it("do not lose each other again by beats of the old lives", () => {
    const both = beating([1, 2], 2000, [1])
    expect(both.map(suspects)).toEqual([[], []])
  })
})

describe("a node that does not hear this one", () => {
  /** Heard every 50 ms; the last beat of this node that it had heard was sent at `heardMs`. */
  const oneWay = (throughMs: number, heardMs: number) => {
    let state = watching()
    for (let atMs = 50; atMs <= throughMs; atMs += 50) {
      const echoes = [{ node: n1, life: 7, sentAtMs: Math.min(atMs, heardMs), heldMs: 0 }]
      state = heard(awake(state, atMs), n2, atMs, beat(atMs, { echoes })).state
      state = lookAround(state, atMs).state
    }
    return state
  }

  it("is suspected although it is heard, and trusted when it hears again", () => {
    expect(suspects(oneWay(400, 100))).toEqual([n3])
    const deaf = oneWay(450, 100)
    expect(suspects(deaf)).toEqual([n2, n3])
    const stillDeaf = heard(deaf, n2, 470, beat(470, { echoes: [] }))
    expect(stillDeaf.trusted).toEqual([])
    const echoes = [{ node: n1, life: 7, sentAtMs: 460, heldMs: 0 }]
    expect(heard(stillDeaf.state, n2, 480, beat(480, { echoes })).trusted).toEqual([n2])
  })

  it("has the same time again in a new life", () => {
    const reborn = heard(oneWay(400, 100), n2, 440, beat(1, { life: 2, echoes: echo(350) })).state
    expect(suspects(lookAround(awake(reborn, 650), 650).state)).toEqual([n3])
  })
})

describe("a node without the bus", () => {
  it("suspects nobody, and begins anew when it is back", () => {
    const away = busChanged(awake(watching(), 100), false, 100)
    expect(nextLookMs(away, 100)).toBeUndefined()
    expect(lookAround(awake(away, 5000), 5000).suspected).toEqual([])
    const back = busChanged(awake(away, 5000), true, 5000)
    expect(nextLookMs(back, 5000)).toBe(250)
    expect(lookAround(awake(back, 5250), 5250).suspected).toEqual([n2, n3])
  })
})

describe("an own stall", () => {
  it("starts the timeout of everybody anew", () => {
    // Stood still from 50 to 1000: nothing could be heard meanwhile.
    const spoken = heard(awake(watching(), 50), n2, 50, beat(1)).state
    const woken = lookAround(spoken, 1000)
    expect(woken.suspected).toEqual([])
    expect(nextLookMs(woken.state, 1000)).toBe(250)
    expect(lookAround(awake(beatNow(woken.state, 1000, 7).state, 1249), 1249).suspected).toEqual([])
    expect(lookAround(awake(beatNow(woken.state, 1000, 7).state, 1250), 1250).suspected).toEqual([n2, n3])
  })

  it("leaves those suspected that were suspected before it", () => {
    const late = lookAround(awake(watching(), 250), 250).state
    expect(suspects(beatNow(late, 5000, 7).state)).toEqual([n2, n3])
  })

  it("is told to the others as lag, which fades", () => {
    const stalled = beatNow(awake(watching(), 100), 400, 7)
    expect(stalled.beat.lagMs).toBe(250)
    const next = beatNow(stalled.state, 450, 7)
    expect(next.beat.lagMs).toBeCloseTo(218.75)
    expect(next.beat.number).toBe(stalled.beat.number + 1)
  })
})

describe("round trips", () => {
  it("are measured by what comes back, without the time that it lay there", () => {
    const sent = beatNow(watching(), 0, 7)
    // The other one gets it, keeps it for 30 ms, and gives it back with its own beat.
    const there = heardBeat(watchNodes([n1], settings, 1, 500), n2, on(n1), sent.beat, 510).state
    const back = beatNow(there, 540, 7).beat
    expect(back.echoes).toEqual([{ node: n1, life: 7, sentAtMs: 0, heldMs: 30 }])
    const step = heard(sent.state, n2, 42, back)
    expect(peerOf(step.state, n2)).toMatchObject({ rttMs: 12, rttDeviationMs: 6 })
    const again = { ...back, number: 9, echoes: [{ node: n1, life: 7, sentAtMs: 100, heldMs: 0 }] }
    expect(peerOf(heard(step.state, n2, 120, again).state, n2)).toMatchObject({ rttMs: 13 })
  })

  it("are not taken from an echo of another life, nor from clocks that cannot be", () => {
    const another = beat(1, { echoes: [{ node: n1, life: 6, sentAtMs: 0, heldMs: 0 }] })
    expect(peerOf(heard(watching(), n2, 20, another).state, n2)?.rttMs).toBeUndefined()
    const fromTheFuture = beat(2, { echoes: [{ node: n1, life: 7, sentAtMs: 100, heldMs: 0 }] })
    expect(peerOf(heard(watching(), n2, 20, fromTheFuture).state, n2)?.rttMs).toBeUndefined()
  })
})
