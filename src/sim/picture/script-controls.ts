/** In the browser: filters, zooming and moving about in the picture of a run. */

/** Plain JavaScript; continues `drawScript`. */
export const controlsScript = `
const toLast = () => show(Math.max(0, scale.end - (scale === scales.even ? 120 : 60000)), scale.end)
const useScale = (name) => {
  const [from, to] = [scale.back(view.from), scale.back(view.to)]
  scale = scales[name]
  show(scale.of(from), scale.of(to))
}
const check = (name, on, change) => {
  const label = document.createElement("label"),
    box = document.createElement("input")
  box.type = "checkbox"
  box.checked = on
  box.addEventListener("change", () => {
    change(box.checked)
    draw()
  })
  label.append(box, " " + name)
  by("filters").append(label)
}
for (const kind of kinds)
  check(kind, !hidden.has(kind), (on) => (on ? hidden.delete(kind) : hidden.add(kind)))
check("faults and notes", true, (on) => {
  faultsShown = on
})
by("search").addEventListener("input", (event) => {
  search = event.target.value.toLowerCase()
  draw()
})
by("whole").addEventListener("click", () => show(0, scale.end))
by("last").addEventListener("click", toLast)
by("in").addEventListener("click", () => zoom(0.5))
by("out").addEventListener("click", () => zoom(2))
by("scale").addEventListener("change", (event) => useScale(event.target.value))
by("picture").addEventListener(
  "wheel",
  (event) => {
    event.preventDefault()
    const share = (event.offsetX - left) / (width() - left - 12)
    if (event.shiftKey) {
      const by = (view.to - view.from) * Math.sign(event.deltaY + event.deltaX) * 0.1
      show(view.from + by, view.to + by)
    } else zoom(event.deltaY > 0 ? 1.25 : 0.8, view.from + (view.to - view.from) * share)
  },
  { passive: false }
)
let dragged
by("picture").addEventListener("pointerdown", (event) => {
  dragged = { x: event.clientX, ...view, moved: false }
})
addEventListener("pointermove", (event) => {
  if (dragged === undefined || Math.abs(event.clientX - dragged.x) < 4) return
  const shift = ((dragged.x - event.clientX) / (width() - left - 12)) * (dragged.to - dragged.from)
  show(dragged.from + shift, dragged.to + shift)
})
addEventListener("pointerup", () => {
  dragged = undefined
})
by("overview").addEventListener("click", (event) => {
  const at = (event.offsetX / by("overview").clientWidth) * scale.end,
    half = (view.to - view.from) / 2
  show(at - half, at + half)
})
addEventListener("keydown", (event) => {
  if (event.target.tagName === "INPUT" && event.target.type === "search") return
  const step = (view.to - view.from) * 0.2
  if (event.key === "ArrowRight") show(view.from + step, view.to + step)
  else if (event.key === "ArrowLeft") show(view.from - step, view.to - step)
  else if (event.key === "+") zoom(0.5)
  else if (event.key === "-") zoom(2)
  else if (event.key === "Home") show(0, view.to - view.from)
  else if (event.key === "End") toLast()
})
addEventListener("resize", draw)
toLast()
`
