/** A way through TCP that can be cut, held in one direction, and delayed. */
import { once } from "node:events"
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from "node:net"
import { Effect, type Scope } from "effect"

/** What becomes of what one side sends: `held` keeps it, as a network does that will send it again. */
export type Flow = "open" | "held"

export interface TcpProxy {
  readonly port: number
  /** Ends all connections, and refuses new ones until `open`. */
  readonly cut: () => void
  /** Holds what goes out from the clients, what comes in to them, or both; nobody is told. */
  readonly hold: (out: Flow, back: Flow) => void
  /** Each piece takes so much longer from now on, in both directions, in order. */
  readonly delay: (forMs: number) => void
  /** As at the beginning: what was held goes on. */
  readonly open: () => void
}

class Direction {
  readonly #from: Socket
  readonly #to: Socket
  readonly #waiting: Array<{ readonly chunk: Buffer; readonly dueMs: number }> = []
  #delayMs = 0
  #timer: NodeJS.Timeout | undefined

  constructor(from: Socket, to: Socket) {
    this.#from = from
    this.#to = to
    from.on("data", (chunk: Buffer) => this.#take(chunk))
    to.on("drain", () => this.#flow === "open" && this.#from.resume())
  }
  #flow: Flow = "open"

  set(flow: Flow, delayMs: number): void {
    this.#flow = flow
    this.#delayMs = delayMs
    if (flow === "held") this.#from.pause()
    else this.#from.resume()
  }

  end(): void {
    clearTimeout(this.#timer)
    this.#waiting.length = 0
  }

  #take(chunk: Buffer): void {
    if (this.#delayMs === 0 && this.#waiting.length === 0) return this.#write(chunk)
    this.#waiting.push({ chunk, dueMs: performance.now() + this.#delayMs })
    this.#timer ??= setTimeout(this.#send, this.#delayMs)
  }

  readonly #send = (): void => {
    this.#timer = undefined
    while (this.#waiting.length > 0 && this.#waiting[0]!.dueMs <= performance.now() + 0.5) {
      this.#write(this.#waiting.shift()!.chunk)
    }
    const next = this.#waiting[0]
    if (next !== undefined) this.#timer = setTimeout(this.#send, next.dueMs - performance.now())
  }

  #write(chunk: Buffer): void {
    if (!this.#to.destroyed && !this.#to.write(chunk)) this.#from.pause()
  }
}

class Way implements TcpProxy {
  readonly #server: Server
  readonly #pairs = new Set<{
    readonly ends: ReadonlyArray<Socket>
    readonly ways: readonly [Direction, Direction]
  }>()
  readonly port: number
  #isCut = false
  #out: Flow = "open"
  #back: Flow = "open"
  #delayMs = 0

  constructor(server: Server, toPort: number) {
    this.#server = server
    this.port = (server.address() as AddressInfo).port
    server.on("connection", (client) => this.#connect(client, toPort))
  }

  cut(): void {
    this.#isCut = true
    for (const { ends } of this.#pairs) for (const end of ends) end.destroy()
  }

  hold(out: Flow, back: Flow): void {
    this.#out = out
    this.#back = back
    this.#applyAll()
  }

  delay(forMs: number): void {
    this.#delayMs = forMs
    this.#applyAll()
  }

  open(): void {
    this.#isCut = false
    this.#delayMs = 0
    this.hold("open", "open")
  }

  dispose(): void {
    this.cut()
    this.#server.close()
  }

  #connect(client: Socket, toPort: number): void {
    if (this.#isCut) return void client.destroy()
    const server = createConnection({ port: toPort, host: "127.0.0.1", noDelay: true })
    client.setNoDelay(true)
    const ends = [client, server]
    const ways = [new Direction(client, server), new Direction(server, client)] as const
    const pair = { ends, ways }
    this.#pairs.add(pair)
    this.#apply(pair.ways)
    for (const end of ends) {
      end.on("error", () => {})
      end.on("close", () => {
        this.#pairs.delete(pair)
        for (const way of ways) way.end()
        for (const other of ends) other.destroy()
      })
    }
  }

  #applyAll(): void {
    for (const { ways } of this.#pairs) this.#apply(ways)
  }

  #apply([out, back]: readonly [Direction, Direction]): void {
    out.set(this.#out, this.#delayMs)
    back.set(this.#back, this.#delayMs)
  }
}

/** Listens on a free port of this machine until the scope closes, and leads to another one. */
export const tcpProxy = (toPort: number): Effect.Effect<TcpProxy, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const server = createServer().listen(0, "127.0.0.1")
      await once(server, "listening")
      return new Way(server, toPort)
    }),
    (proxy) => Effect.sync(() => proxy.dispose())
  )
