/**
 * To be imported first by threads that only simulate: what their code meets is noted from its first call on.
 *
 * The engine begins to note it when a function has run for a while, for most functions never run again. In a
 * simulation they do, thousands of times, and what is noted early is compiled well early (decision 17 has the
 * figures).
 */
import { setFlagsFromString } from "node:v8"

setFlagsFromString("--no-lazy-feedback-allocation")
