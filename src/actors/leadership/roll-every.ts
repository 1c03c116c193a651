/** How often a node calls the roll of the groups that it leads in silence. */
import { knob } from "../../runtime/buggify.ts"

export const rollEveryMs = knob("roll-every-ms", 1000, { min: 50, max: 1000 })
