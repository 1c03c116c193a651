/** In the browser: drawing the part of a run that is in view. */

/** Plain JavaScript; continues `stateScript`. */
export const drawScript = String.raw`
const drawAxes = (svg) => {
  const steps = Math.max(2, Math.floor((width() - left) / 130))
  for (let step = 0; step <= steps; step++) {
    const micros = scale.back(view.from + ((view.to - view.from) * step) / steps)
    const x = left + ((width() - left - 12) * step) / steps
    svg.append(
      make("line", { x1: x, x2: x, y1: 16, y2: top0 + scene.lanes.length * laneHeight, class: "tick" })
    )
    svg.append(
      make(
        "text",
        { x, y: 12, "text-anchor": step === 0 ? "start" : step === steps ? "end" : "middle" },
        timeText(micros)
      )
    )
  }
  scene.lanes.forEach((lane, index) => {
    svg.append(make("line", { x1: left, x2: width() - 8, y1: yOf(index), y2: yOf(index), class: "axis" }))
    svg.append(make("text", { x: 8, y: yOf(index) + 4, class: "name" }, lane.name))
  })
}
const stretchLooks = {
  ballot: (s) => ({ dy: -3, height: 6, fill: colourOf(s.ballot), opacity: 0.85 }),
  down: () => ({ dy: -9, height: 18, fill: "var(--bad)", opacity: 0.28 }),
  frozen: () => ({ dy: -9, height: 18, fill: "#3aa0c9", opacity: 0.35 }),
  fault: () => ({ dy: 10, height: 6, fill: "#e0a100", opacity: 0.7 }),
  operation: () => ({ dy: -8, height: 16, fill: "#7d8ca6", opacity: 0.45 }),
  open: () => ({ dy: -8, height: 16, fill: "var(--bad)", opacity: 0.35 })
}
const drawStretch = (svg, s) => {
  const x = Math.max(left, xOf(s.fromMicros))
  const wide = Math.max(2, Math.min(width() - 8, xOf(s.toMicros)) - x)
  const { dy, height, fill, opacity } = stretchLooks[s.kind](s)
  const box = make("rect", {
    x,
    width: wide,
    y: yOf(s.lane) + dy,
    height,
    fill,
    opacity: matches(s) ? opacity : 0.06,
    rx: 2
  })
  box.append(make("title", {}, s.label))
  box.addEventListener("click", () => tellOther(s))
  svg.append(box)
  if (s.kind === "operation" || s.kind === "open" || (s.kind === "ballot" && wide > 60)) {
    const room = Math.floor(wide / 6.2)
    if (room > 2)
      svg.append(
        make(
          "text",
          { x: x + 3, y: yOf(s.lane) + (s.kind === "ballot" ? -8 : 4), "pointer-events": "none" },
          s.label.length > room ? s.label.slice(0, room - 1) + "\u2026" : s.label
        )
      )
  }
}
const drawArrow = (svg, a, labels) => {
  const x1 = xOf(a.sentMicros),
    x2 = xOf(a.atMicros),
    y1 = yOf(a.from)
  const stops = a.lost ? 20 * Math.sign(yOf(a.to) - y1) : 0
  const x = x2 + (a.lost && x1 === x2 ? 5 : 0)
  const y = yOf(a.to) - stops
  const colour = a.lost ? "var(--bad)" : colourOf(a.ballot)
  const path =
    a.from === a.to
      ? "M" + x1 + "," + y1 + " q" + (x2 - x1) / 2 + ",-26 " + (x2 - x1) + ",0"
      : "M" + x1 + "," + y1 + " L" + x + "," + y
  const group = make("g", { class: (matches(a) ? "" : "dim ") + (chosen === a ? "chosen" : "") })
  group.append(
    make("path", {
      d: path,
      stroke: colour,
      fill: "none",
      "stroke-width": chosen === a ? 3 : 1.2,
      ...(a.lost ? { "stroke-dasharray": "4 3" } : {})
    })
  )
  const size = chosen === a ? 5 : 3.4
  if (a.lost)
    group.append(
      make("path", {
        d: "M" + (x - 4) + "," + (y - 4) + " l8,8 m0,-8 l-8,8",
        stroke: colour,
        "stroke-width": 2
      })
    )
  else {
    const angle = (Math.atan2(yOf(a.to) - y1, x2 - x1) * 180) / Math.PI
    group.append(
      make("path", {
        d: "M0,0 l" + -2 * size + "," + -size + " v" + 2 * size + " z",
        fill: colour,
        transform: "translate(" + x + "," + y + ") rotate(" + (a.from === a.to ? 60 : angle) + ")"
      })
    )
  }
  if (labels)
    group.append(
      make(
        "text",
        { x: (x1 + x) / 2 + 4, y: (y1 + y) / 2 - 2 },
        a.kind + (a.ballot === undefined ? "" : " " + a.ballot)
      )
    )
  const hit = make("path", { d: path, class: "hit" })
  hit.append(make("title", {}, a.kind + ", " + a.label))
  hit.addEventListener("click", () => tellArrow(a))
  group.append(hit)
  svg.append(group)
}
const glyphs = {
  kill: (x, y) =>
    make("path", {
      d: "M" + (x - 7) + "," + (y - 7) + " l14,14 m0,-14 l-14,14",
      stroke: "var(--bad)",
      "stroke-width": 3
    }),
  boot: (x, y) => make("path", { d: "M" + (x - 4) + "," + (y - 7) + " l10,7 l-10,7 z", fill: "#2e9e5b" }),
  fault: (x, y) => make("path", { d: "M" + x + "," + (y + 8) + " l6,10 h-12 z", fill: "#e0a100" }),
  note: (x, y) => make("circle", { cx: x, cy: y + 12, r: 3, fill: "var(--line)" })
}
const drawMark = (svg, m) => {
  const group = make("g", { class: matches(m) ? "" : "dim" })
  const glyph = glyphs[m.glyph](xOf(m.atMicros), yOf(m.lane))
  group.append(glyph)
  group.append(make("title", {}, m.label))
  group.addEventListener("click", () => tellOther(m))
  svg.append(group)
}
const isDrop = (m) => m.glyph === "fault" || m.glyph === "note"
const listEvents = (arrows, marks) => {
  const rows = [
    ...arrows.map((a) => [
      a.atMicros,
      a.kind,
      laneName(a.from) + " > " + laneName(a.to) + (a.lost ? " lost" : ""),
      a.label,
      () => tellArrow(a),
      a
    ]),
    ...marks.map((m) => [m.atMicros, m.glyph, laneName(m.lane), m.label, () => tellOther(m), m])
  ]
    .filter((row) => matches({ kind: row[1], label: row[2] + " " + row[3] }))
    .sort((a, b) => a[0] - b[0])
  by("events").replaceChildren(
    ...rows.slice(-300).map((row) => {
      const line = document.createElement("div")
      if (row[5] === chosen) line.className = "chosen"
      for (const cell of [timeText(row[0]), row[1], row[2], row[3]]) {
        const span = document.createElement("span")
        span.textContent = cell
        line.append(span)
      }
      line.addEventListener("click", row[4])
      return line
    })
  )
  if (inView(scene.endMicros, scene.endMicros)) by("events").scrollTop = by("events").scrollHeight
  by("count").textContent =
    rows.length + " events in view" + (rows.length > 300 ? ", the last 300 listed" : "")
}
const drawOverview = () => {
  const box = by("overview"),
    wide = box.clientWidth,
    cells = Math.max(1, Math.floor(wide / 3))
  const counts = new Array(cells).fill(0)
  for (const a of scene.arrows)
    counts[Math.min(cells - 1, Math.floor((scale.of(a.atMicros) / scale.end) * cells))]++
  const most = Math.max(1, ...counts)
  const parts = counts.map((count, cell) =>
    make("rect", {
      x: cell * 3,
      width: 2.4,
      y: 32 - (28 * count) / most,
      height: (28 * count) / most,
      fill: "var(--line)"
    })
  )
  for (const m of scene.marks)
    if (m.glyph === "kill" || m.glyph === "fault")
      parts.push(
        make("rect", {
          x: (scale.of(m.atMicros) / scale.end) * wide,
          width: 1.5,
          y: 0,
          height: 5,
          fill: m.glyph === "kill" ? "var(--bad)" : "#e0a100"
        })
      )
  parts.push(
    make("rect", {
      x: Math.max(0, (view.from / scale.end) * wide),
      width: Math.max(3, ((view.to - view.from) / scale.end) * wide),
      y: 0,
      height: 34,
      fill: "#2f6fde",
      opacity: 0.18
    })
  )
  box.replaceChildren(...parts)
}
function draw() {
  const svg = by("picture")
  svg.setAttribute("height", top0 + scene.lanes.length * laneHeight + 8)
  svg.replaceChildren()
  drawAxes(svg)
  for (const s of scene.stretches)
    if (inView(s.fromMicros, s.toMicros) && (faultsShown || s.kind !== "fault")) drawStretch(svg, s)
  const arrows = scene.arrows.filter((a) => !hidden.has(a.kind) && inView(a.sentMicros, a.atMicros))
  for (const a of arrows.slice(-arrowsMax)) drawArrow(svg, a, arrows.length < 60)
  const marks = scene.marks.filter((m) => inView(m.atMicros, m.atMicros) && (faultsShown || !isDrop(m)))
  for (const m of marks) drawMark(svg, m)
  if (document.body.dataset.failed === "yes" && inView(scene.endMicros, scene.endMicros)) {
    const x = xOf(scene.endMicros)
    svg.append(
      make("line", {
        x1: x,
        x2: x,
        y1: 14,
        y2: top0 + scene.lanes.length * laneHeight,
        stroke: "var(--bad)",
        "stroke-width": 2
      })
    )
  }
  listEvents(arrows, marks)
  drawOverview()
}
`
