/** Where a thread is that does nothing but compute: its stack, as an inspector sees it. */
import type { Session } from "node:inspector"
import type { Worker } from "node:worker_threads"
import { Effect, Option } from "effect"

/** What the inspector of a thread says, as far as it is read here. */
interface Word {
  readonly id?: number
  readonly method?: string
  readonly params?: {
    readonly scriptId?: string
    readonly url?: string
    readonly callFrames?: ReadonlyArray<CallFrame>
  }
}

interface CallFrame {
  readonly functionName: string
  readonly location: {
    readonly scriptId: string
    readonly lineNumber: number
    readonly columnNumber?: number
  }
}

/** As many as an error shows. */
const framesMax = 10

/** A thread that waits in the system answers no inspector. */
const patienceMs = 5_000

const frameText = (frame: CallFrame, urls: ReadonlyMap<string, string>): string => {
  const { scriptId, lineNumber, columnNumber = 0 } = frame.location
  const place = `${urls.get(scriptId) ?? "unknown"}:${lineNumber + 1}:${columnNumber + 1}`
  return frame.functionName === "" ? `    at ${place}` : `    at ${frame.functionName} (${place})`
}

/** Stops the thread for a moment; `found` hears its stack, or nothing where it cannot be had. */
const askInspector = (session: Session, worker: Worker, found: (stack: string | undefined) => void): void => {
  const urls = new Map<string, string>()
  let own: string | undefined
  const tell = (id: number, method: string) =>
    session.post("NodeWorker.sendMessageToWorker", {
      sessionId: own!,
      message: JSON.stringify({ id, method })
    })
  session.on("NodeWorker.attachedToWorker", ({ params: { sessionId, workerInfo } }) => {
    if (!workerInfo.title.startsWith(`[worker ${worker.threadId}]`)) return
    own = sessionId
    tell(1, "Debugger.enable")
  })
  session.on("NodeWorker.receivedMessageFromWorker", ({ params: { sessionId, message } }) => {
    if (sessionId !== own) return
    const { id, method, params = {} } = JSON.parse(message) as Word
    if (id === 1) tell(2, "Debugger.pause")
    if (method === "Debugger.scriptParsed") urls.set(params.scriptId!, params.url!)
    if (method !== "Debugger.paused") return
    // A thread that is still held could not be ended.
    session.post("NodeWorker.detach", { sessionId })
    const frames = params.callFrames!.slice(0, framesMax)
    found(frames.map((frame) => frameText(frame, urls)).join("\n"))
  })
  session.post("NodeWorker.enable", { waitForDebuggerOnStart: false }, (error) => {
    if (error !== null) found(undefined)
  })
}

/**
 * The stack of a thread that runs without a pause, as an error would show it. Undefined where there is no
 * inspector, where this thread is itself one that another has started, and where the thread does not answer.
 */
export const stackOfThread = (worker: Worker): Effect.Effect<string | undefined> =>
  Effect.callback<string | undefined>((resume) => {
    const { Session } = process.getBuiltinModule("node:inspector")
    const session = new Session()
    session.connect()
    askInspector(session, worker, (stack) => {
      session.disconnect()
      resume(Effect.succeed(stack))
    })
    return Effect.sync(() => session.disconnect())
  }).pipe(
    Effect.timeoutOption(patienceMs),
    Effect.map(Option.getOrUndefined),
    // Some builds of Node have no inspector; what hangs is a finding all the same.
    Effect.catchDefect(() => Effect.succeed(undefined))
  )
