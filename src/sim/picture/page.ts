/** The picture of a run as one HTML page that needs nothing else: for a person who asks what went wrong. */

import type { TraceEntry } from "../trace/trace.ts"
import { type PictureOperation, sceneOf } from "./scene.ts"
import { controlsScript } from "./script-controls.ts"
import { drawScript } from "./script-draw.ts"
import { stateScript } from "./script-state.ts"
import { style } from "./style.ts"

export interface PictureOptions {
  readonly title: string
  /** The full trace of the run: what `KernelOptions.listen` receives. */
  readonly entries: ReadonlyArray<TraceEntry>
  /** What clients did, for lanes of their own. */
  readonly operations?: ReadonlyArray<PictureOperation>
  /** The law that the run broke. */
  readonly failure?: { readonly law: string; readonly message: string }
  /** The command that runs it again. */
  readonly replay?: string
  /** Figures shown under the title, such as the seed. */
  readonly facts?: Readonly<Record<string, string>>
  /** A long run keeps its last entries only. Default 60,000. */
  readonly entriesMax?: number
}

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")

/** JSON that cannot end the script element that it stands in. */
const embedded = (value: unknown): string => JSON.stringify(value).replaceAll("<", "\\u003c")

/**
 * Draws a run as a space-time diagram: a line for each node, an arrow for each message in the colour of its
 * ballot, crosses for crashes, bars for what lasted; the law that was broken on top. Zoom with the wheel,
 * drag to move, click for details.
 *
 * @example
 * const entries: Array<TraceEntry> = []
 * const kernel = new Kernel({ seed: 7, listen: (entry) => entries.push(entry) })
 * // run, then:
 * const html = pictureOf({ title: "registers", entries, replay: "aplomb sim replay registers --seed 7" })
 */
export const pictureOf = (options: PictureOptions): string => {
  const { title, failure, replay, operations, facts = {}, entriesMax = 60_000 } = options
  const left = Math.max(0, options.entries.length - entriesMax)
  const scene = sceneOf(options.entries, operations, left)
  const cut = left === 0 ? {} : { "left out": `the first ${left} events` }
  const shown = { ...facts, events: String(options.entries.length), ...cut }
  const law = failure && `<div class="law"><b>${escaped(failure.law)}</b>\n${escaped(failure.message)}</div>`
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title><style>${style}</style></head>
<body data-failed="${failure === undefined ? "no" : "yes"}">
<header><h1>${escaped(title)}</h1>${law ?? ""}
<div class="facts">${Object.entries(shown)
    .map(([name, value]) => `<span><span class="quiet">${escaped(name)}</span> ${escaped(value)}</span>`)
    .join("")}</div>
${replay === undefined ? "" : `<p>Run it again: <code>${escaped(replay)}</code></p>`}</header>
<nav><button id="last">the end</button><button id="whole">the whole run</button>
<button id="in">+</button><button id="out">&minus;</button>
<select id="scale"><option value="even">every event the same room</option>
<option value="time">to scale in time</option></select>
<input id="search" type="search" placeholder="highlight: Accept, ballot 3, n2 ...">
<span id="filters"></span></nav>
<svg id="overview"></svg><svg id="picture"></svg>
<main><section><p class="quiet" id="count"></p><div id="events"></div></section>
<section id="details">Click an arrow, a bar or a mark.
Wheel: zoom. Drag, arrow keys: move. End: where it ended.</section></main>
<script>const scene = ${embedded(scene)}
${stateScript}${drawScript}${controlsScript}</script></body></html>
`
}
