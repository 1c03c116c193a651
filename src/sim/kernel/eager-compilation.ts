/**
 * To be imported first by threads that only simulate: the engine compiles what they run early and all of it.
 *
 * It is made for programs of which most functions never run again. A simulation calls thousands of functions
 * thousands of times each: what it meets is noted from the first call on, a function is compiled after a
 * third of the calls that it takes otherwise, and none is sent away because the queue of the compiler is full
 * (decision 17 has the figures).
 */
import { setFlagsFromString } from "node:v8"

for (const flag of [
  "--no-lazy-feedback-allocation",
  "--invocation-count-for-maglev=200",
  "--invocation-count-for-turbofan=1000",
  "--minimum-invocations-after-ic-update=200",
  "--concurrent-recompilation-queue-length=64"
])
  setFlagsFromString(flag)
