/** In the browser: the scales of the picture of a run, and what part of it is in view. */

/** Plain JavaScript; `scene` is defined before it, `draw` after it. */
export const stateScript = String.raw`
const by = (id) => document.getElementById(id)
const svgNames = "http://www.w3.org/2000/svg"
const make = (name, attributes, text) => {
  const element = document.createElementNS(svgNames, name)
  for (const key in attributes) element.setAttribute(key, attributes[key])
  if (text !== undefined) element.textContent = text
  return element
}
const colours = [
  "#2f6fde",
  "#d9822b",
  "#2e9e5b",
  "#9c4fd1",
  "#c2357a",
  "#12939a",
  "#8a7a1f",
  "#5865f2",
  "#b5533c"
]
const colourOf = (ballot) =>
  ballot === undefined ? "var(--line)" : colours[(ballot - 1 + colours.length) % colours.length]
const left = 92,
  laneHeight = 62,
  top0 = 26,
  arrowsMax = 4000
const timeText = (micros) => (micros / 1000).toFixed(3) + " ms"

// Every instant at which something happens, once: the even scale gives each the same room.
const instants = [
  ...new Set([
    0,
    ...scene.arrows.flatMap((a) => [a.sentMicros, a.atMicros]),
    ...scene.marks.map((m) => m.atMicros),
    ...scene.stretches.map((s) => s.fromMicros),
    scene.endMicros
  ])
].sort((a, b) => a - b)
const placeIn = (micros) => {
  let low = 0,
    high = instants.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (instants[middle] < micros) low = middle + 1
    else high = middle
  }
  if (instants[low] === micros || low === 0) return low
  const before = instants[low - 1]
  return low - 1 + (micros - before) / (instants[low] - before)
}
const scales = {
  time: { of: (micros) => micros, back: (place) => place, end: Math.max(1, scene.endMicros), room: 2000 },
  even: {
    of: placeIn,
    end: Math.max(1, instants.length - 1),
    room: 8,
    back: (place) => {
      const i = Math.max(0, Math.min(instants.length - 1, Math.floor(place)))
      return instants[i] + (place - i) * ((instants[i + 1] ?? instants[i]) - instants[i])
    }
  }
}
let scale = scales.even
let view = { from: 0, to: scale.end }
let chosen
const kinds = [...new Set(scene.arrows.map((a) => a.kind))].sort()
const hidden = new Set(kinds.filter((kind) => kind === "Hello"))
let faultsShown = true,
  search = ""

const width = () => by("picture").clientWidth
const xOf = (micros) =>
  left + ((scale.of(micros) - view.from) / (view.to - view.from)) * (width() - left - 12)
const yOf = (lane) => top0 + lane * laneHeight + laneHeight / 2
const clamp = () => {
  const span = Math.min(Math.max(view.to - view.from, scale.room / 100), scale.end * 1.02)
  view.from = Math.max(-span * 0.02, Math.min(view.from, scale.end * 1.01 - span))
  view.to = view.from + span
}
const show = (from, to) => {
  view = { from, to }
  clamp()
  draw()
}
const zoom = (factor, at = (view.from + view.to) / 2) =>
  show(at - (at - view.from) * factor, at + (view.to - at) * factor)
const laneName = (lane) => scene.lanes[lane].name
const wordsOf = ({ kind, label, from, to, lane }) =>
  [kind, label, ...[from, to, lane].filter((one) => one !== undefined).map(laneName)].join(" ")
const matches = (thing) => search === "" || wordsOf(thing).toLowerCase().includes(search)
const inView = (from, to) => scale.of(to) >= view.from && scale.of(from) <= view.to

const tell = (thing, lines) => {
  chosen = thing
  by("details").textContent = lines.filter((line) => line !== undefined).join("\n")
  draw()
}
const tellArrow = (a) =>
  tell(a, [
    a.kind + (a.lost ? " (lost: " + a.lost + ")" : ""),
    laneName(a.from) + " -> " + laneName(a.to),
    "sent " + timeText(a.sentMicros),
    (a.lost ? "lost " : "arrived ") + timeText(a.atMicros) + " (" + (a.atMicros - a.sentMicros) + " us)",
    "",
    a.label.split(", ").join("\n")
  ])
const tellOther = (thing) =>
  tell(thing, [
    thing.label,
    "on " + laneName(thing.lane),
    thing.atMicros === undefined
      ? timeText(thing.fromMicros) + " to " + timeText(thing.toMicros)
      : timeText(thing.atMicros)
  ])
`
