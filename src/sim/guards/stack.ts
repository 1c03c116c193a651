/** Who called a function, such as one of the guards. */

/** A function of the guards that stands where another one was. */
export type Trap = (...values: Array<unknown>) => unknown

/** The stack above a function: what called it comes first, however the program was bundled. */
export const captureAbove = (guard: (...values: Array<never>) => unknown): string => {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 30
  const error = new Error("used inside a simulation")
  Error.captureStackTrace(error, guard)
  Error.stackTraceLimit = limit
  return error.stack ?? ""
}

const isOfNode = (frame: string): boolean => /(?:\(|at )node:/.test(frame)

/** Node itself (the streams under `console.log`) queues work of its own, which runs after the simulation. */
export const fromNode = (stack: string): boolean => {
  const caller = stack.split("\n")[1]
  return caller !== undefined && isOfNode(caller)
}

/** The first frame outside of the simulator and of Node. */
export const place = (stack: string): string => {
  const frames = stack.split("\n").slice(1)
  const outside = frames.find((frame) => !/<anonymous>\)?$/.test(frame) && !isOfNode(frame))
  return (outside ?? frames[0] ?? "unknown").trim().replace(/^at /, "")
}
