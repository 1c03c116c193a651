/** Draws operations as bars over time, one lane a process, the ones that cannot be together marked. */
import { type Key, type Operation, showJson } from "./operation.ts"

/** What to draw. */
interface Drawing {
  readonly key: Key
  readonly operations: ReadonlyArray<Operation>
  /** Positions after this are not drawn: the history was contradictory by then. */
  readonly position: number
  readonly failing: ReadonlySet<Operation>
  /** The operation whose return made the history contradictory. */
  readonly culprit: Operation
  readonly label: (operation: Operation) => string
}

/** How many operations are drawn besides the failing ones: those that returned last. */
const othersMax = 30
const laneHeight = 34
const barHeight = 22
const left = 110
const top = 64
const letterWidth = 6.6
const gapMin = 20
const widthMin = 680
/** A label has room for so many letters, if it matters (or there is room), and if not. */
const labelMax = 40
const labelMin = 12
const fewOperations = 16

const escapeXml = (text: string): string =>
  text
    .toWellFormed()
    .replace(/\p{Cc}|[\ufffe\uffff]/gu, "\ufffd")
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/"/g, "&quot;")

const shorten = (text: string, max: number): string =>
  text.length <= max ? text : `${text.slice(0, Math.max(1, max - 1))}…`

const choose = ({ operations, failing, position }: Drawing): ReadonlyArray<Operation> => {
  const before = operations.filter((operation) => operation.call <= position)
  const lastSign = ({ call, done }: Operation) => (done <= position ? done : call)
  const others = before
    .filter((operation) => !failing.has(operation))
    .sort((a, b) => lastSign(b) - lastSign(a))
    .slice(0, othersMax)
  const chosen = new Set([...failing, ...others])
  return before.filter((operation) => chosen.has(operation))
}

const widthOf = (label: string): number => Math.ceil(label.length * letterWidth) + 14

/**
 * Where each position lies from left to right: events in order, as far apart as the labels between them
 * need.
 */
const layOut = (drawing: Drawing, operations: ReadonlyArray<Operation>) => {
  const { failing, label, position } = drawing
  const events = new Set<number>()
  for (const { call, done } of operations) {
    events.add(call)
    if (done <= position) events.add(done)
  }
  const sorted = [...events].sort((a, b) => a - b)
  const places = new Map(sorted.map((event, rank) => [event, rank]))
  const gaps = sorted.map(() => gapMin)
  for (const operation of operations) {
    const isFull = failing.has(operation) || operations.length <= fewOperations
    const wanted = widthOf(label(operation).slice(0, isFull ? labelMax : labelMin))
    const from = places.get(operation.call)!
    const to = places.get(operation.done) ?? sorted.length
    const given = gaps.slice(from, to).reduce((sum, gap) => sum + gap, 0)
    const more = Math.ceil(Math.max(0, wanted - given) / (to - from))
    for (let gap = from; gap < to; gap++) gaps[gap]! += more
  }
  const edges = [left]
  for (const gap of gaps) edges.push(edges.at(-1)! + gap)
  const end = edges.at(-1)!
  return {
    width: Math.max(end + 40, widthMin),
    x: (event: number) => edges[places.get(event) ?? sorted.length]!
  }
}

const legend = "time goes right, not to scale; orange and red: cannot be together; dashed: outcome unknown"

const style = `
  text { font: 11px ui-monospace, Menlo, Consolas, monospace; fill: #1c2733 }
  .title { font-size: 14px; font-weight: 600 } .lane { stroke: #d8dee6 }
  .bar { fill: #dbe7f5; stroke: #6f8fb5 } .open { fill: #eceff3; stroke: #8a94a3; stroke-dasharray: 4 3 }
  .failing { fill: #ffd9b8; stroke: #d9730d; stroke-width: 2 }
  .culprit { fill: #ffc2c2; stroke: #c41e1e; stroke-width: 2.5 }
  .moment { stroke: #c41e1e; stroke-dasharray: 2 3 }`

/**
 * Draws the key's history around its failure.
 *
 * @returns an SVG document; open operations have no right end, failing ones are orange, the last straw
 * is red.
 */
export const drawHistory = (drawing: Drawing): string => {
  const operations = choose(drawing)
  const { width, x } = layOut(drawing, operations)
  const processes = [...new Set(operations.map((operation) => operation.process))]
  const height = top + processes.length * laneHeight + 46
  const parts: Array<string> = []
  for (const [lane, process] of processes.entries()) {
    const y = top + lane * laneHeight + laneHeight / 2
    parts.push(
      `<line class="lane" x1="${left}" y1="${y}" x2="${width}" y2="${y}"/>`,
      `<text x="8" y="${y + 4}">${escapeXml(shorten(`process ${process}`, 15))}</text>`
    )
  }
  for (const operation of operations) {
    const y = top + processes.indexOf(operation.process) * laneHeight + (laneHeight - barHeight) / 2
    const isOpen = operation.done > drawing.position
    const from = x(operation.call)
    const to = isOpen ? width : x(operation.done)
    const isCulprit = operation === drawing.culprit
    const sort = isCulprit ? "culprit" : drawing.failing.has(operation) ? "failing" : "bar"
    const name = drawing.label(operation)
    const until =
      operation.done === Number.POSITIVE_INFINITY ? "never returned" : `returned on line ${operation.done}`
    const path = isOpen
      ? `M${to} ${y}H${from}V${y + barHeight}H${to}`
      : `M${from} ${y}H${to}V${y + barHeight}H${from}Z`
    const text = shorten(name, Math.floor((to - from - 8) / letterWidth))
    parts.push(
      `<g><title>${escapeXml(`${name}; invoked on line ${operation.call}, ${until}`)}</title>`,
      `<path class="${isOpen ? "open " : ""}${sort}" d="${path}"/>`,
      `<text x="${from + 5}" y="${y + barHeight / 2 + 4}">${escapeXml(text)}</text></g>`
    )
  }
  const moment = x(drawing.culprit.done)
  const bottom = height - 40
  const straw = `contradictory from line ${drawing.position}`
  const where = drawing.key === null ? "" : ` on key ${showJson(drawing.key)}`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"`,
    `  viewBox="0 0 ${width} ${height}">`,
    `<style>${style}\n</style>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text class="title" x="8" y="24">${escapeXml(`Not linearizable${shorten(where, 60)}`)}</text>`,
    `<text x="8" y="44">${legend}</text>`,
    ...parts,
    `<line class="moment" x1="${moment}" y1="${top - 8}" x2="${moment}" y2="${bottom + 8}"/>`,
    `<text x="${Math.max(8, moment - 150)}" y="${bottom + 24}">${straw}</text>`,
    `</svg>\n`
  ].join("\n")
}
