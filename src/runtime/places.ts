/**
 * What users import as `aplomb/buggify`: places of one's own code at which simulations of `aplomb/sim` may
 * disturb it. It is small and does nothing outside of one, so what runs in production may import it.
 */
export { buggify, hint, type Knob, knob } from "./buggify.ts"
