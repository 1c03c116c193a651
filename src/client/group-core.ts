/**
 * What a client of one group does with what it hears: one session, many commands in flight, whoever leads.
 */
import type { NodeId, SessionId } from "../protocol/ids.ts"
import { closeEntry, keepAliveEntry } from "../protocol/log/entry.ts"
import type { Counted, Refusal, Synced } from "../protocol/messages.ts"
import { knob } from "../runtime/buggify.ts"
import { type Foretold, type Leading, resultAt, type ToClient } from "../wire/client-codec.ts"
import { timeless } from "./call-options.ts"
import type { Command, Epoch } from "./epoch.ts"
import { Indeterminate, Rejected, Unavailable } from "./errors.ts"
import type { Link } from "./link.ts"
import { type Question, Questions, type Stretch } from "./questions.ts"
import { Sessions, type SessionsOptions } from "./sessions.ts"
import { SignsOfLife } from "./signs-of-life.ts"

/** Without an answer for this long, a command is sent again. */
const retryAfter = knob("client-retry-ms", 1000, { min: 60, max: 4000 })
/** A leader that said its window is full is asked again after this. */
const retryAfterMs = 20
const submissionMaxBytes = knob("client-submission-bytes", 48 * 1024, { min: 1, max: 4096 })

export interface CoreOptions extends SessionsOptions {
  readonly link: Link
  readonly nowMs: () => number
}

/** All but what is put together before it counts. */
export type Heard = Exclude<ToClient, Synced | Foretold>

/** Called by one actor, a batch at a time; `flush` ends each batch. */
export class GroupCore {
  readonly #options: CoreOptions
  readonly #link: Link
  readonly #questions = new Questions()
  readonly #sessions: Sessions
  /** Commands that no session has taken yet. */
  #queue: Array<Command> = []
  #submissions = 0
  /** What the leader is to hear with whatever it is sent next. */
  #counted: Counted | undefined
  readonly #signs = new SignsOfLife()

  constructor(options: CoreOptions) {
    this.#options = options
    this.#link = options.link
    this.#sessions = new Sessions(options)
  }

  command(command: Command): void {
    if (Number.isNaN(command.deadlineMs)) command.done(null, 0, timeless())
    else this.#queue.push(command)
  }

  question(question: Question): void {
    this.#questions.add(question)
  }

  heard(body: Heard, from: NodeId): void {
    if (body._tag === "Leading") return this.#leading(body)
    this.#link.heard()
    switch (body._tag) {
      case "Results":
        this.#link.served()
        return this.#results(body.session, body.flat)
      case "Opened":
        return this.#sessions.opened(body.session)
      case "SubmitRefused":
        if (body.refusal._tag === "Malformed") return this.#malformed(body.submission, body.refusal.reason)
        if (body.refusal._tag === "Overloaded") return this.#overloaded(body.submission, from, body.refusal)
        this.#unsent(body.submission)
        return this.#link.refused(from, body.refusal)
      case "SubmitUnsettled":
        this.#unsent(body.submission)
        if (from === this.#link.leader) this.#link.lost()
        return
      case "QueryRefused":
        this.#questions.askAgain(Number.NEGATIVE_INFINITY, body.question)
        return this.#link.refused(from, body.refusal)
      case "Answered":
        this.#link.served()
        return this.#questions.answered(body.slot, body.flat, this.#link)
    }
  }

  /** What was foretold has come true: no other result need come, and one that does finds it settled. */
  foreseen({ session, flat, ballot, slot }: Foretold): void {
    this.#counted = { ballot, slot }
    this.#link.heard()
    this.#link.served()
    this.#results(session, flat)
  }

  listening(session: SessionId): void {
    this.#sessions.listening(session)
  }

  notListening(): void {
    this.#sessions.notListening()
  }

  /** Nobody listens where the leader was: it is down, or not up yet. */
  nobodyThere(): void {
    this.#link.lost()
    this.#sendAllAgain()
  }

  /** Sends what has gathered, if somebody is there to send it to. */
  flush(): void {
    if (!this.#waits() || !this.#link.open()) return
    const nowMs = this.#options.nowMs()
    if (this.#queue.length > 0) this.#openSession(nowMs)
    const { current } = this.#sessions
    if (current !== undefined) {
      this.#queue.splice(0, current.addFirst(this.#queue))
      this.#sendDue(current, nowMs)
    }
    for (const epoch of this.#sessions.old) this.#sendDue(epoch, nowMs)
    for (const stretch of this.#questions.take(nowMs, this.#link.roomBytes)) this.#ask(stretch)
  }

  /** Looks, now and then, for what takes too long. */
  tick(): void {
    const nowMs = this.#options.nowMs()
    for (const epoch of this.#sessions.all()) {
      for (const command of epoch.expired(nowMs)) {
        command.done(null, 0, new Indeterminate({ reason: "no answer came in time" }))
      }
      epoch.sendAgain((sent) => sent.sentAtMs <= nowMs - retryAfter.value)
    }
    this.#questions.askAgain(nowMs - retryAfter.value)
    for (const question of this.#questions.expired(nowMs)) {
      question.done(null, 0, new Unavailable({ reason: this.#late("no answer came in time") }))
    }
    this.#giveUpQueued(nowMs)
    this.#keepAlive(nowMs)
    // Sent, and nothing heard: whoever is thought to lead may be stopped, with nobody to say so.
    if (this.#link.isSilent(retryAfter.value)) this.#link.lost()
  }

  /** The client ends: whoever waits is told what is known, and the replicas may forget its session. */
  close(): void {
    const { current } = this.#sessions
    if (current !== undefined && this.#link.leader !== undefined) {
      this.#submit(closeEntry(current.session), ++this.#submissions, false)
    }
    const reason = "the client was closed"
    for (const epoch of this.#sessions.all()) {
      for (const { command, given } of epoch.takeOut(() => true))
        if (!given) command.done(null, 0, new Indeterminate({ reason }))
    }
    for (const command of this.#queue) command.done(null, 0, new Unavailable({ reason }))
    for (const question of this.#questions.drain()) question.done(null, 0, new Unavailable({ reason }))
    this.#queue = []
  }

  /** What was sent to another leader, or to one that forgot it, goes to this one. */
  #leading({ leader, ballot, keeps }: Leading): void {
    const before = this.#link.leader
    if (this.#link.announced(leader, ballot) && !(keeps && before === leader)) this.#sendAllAgain()
  }

  #keepAlive(nowMs: number): void {
    const { current } = this.#sessions
    if (current === undefined || !this.#signs.isDue(nowMs) || !this.#link.open()) return
    const submission = ++this.#submissions
    this.#signs.by(submission)
    this.#submit(keepAliveEntry(current.session), submission, false)
  }

  #waits(): boolean {
    return this.#queue.length > 0 || this.#questions.size > 0 || this.#sessions.waits
  }

  #unsent(submission: number): void {
    this.#notDone(submission)
    for (const epoch of this.#sessions.all()) epoch.sendAgain((sent) => sent.submission === submission)
  }

  /** Commands apart. */
  #notDone(submission: number): void {
    this.#sessions.askAgain()
    this.#signs.refused(submission, this.#options.nowMs(), retryAfter.value)
  }

  /** To send it all again soon, again and again, would keep a leader busy with refusing it. */
  #overloaded(submission: number, from: NodeId, refusal: Refusal): void {
    this.#notDone(submission)
    const before = this.#sessions.all().map((epoch) => epoch.refused(submission))
    this.#link.refused(from, refusal, Math.max(0, ...before))
  }

  #sendAllAgain(): void {
    this.#sessions.askAgain()
    for (const epoch of this.#sessions.all()) epoch.sendAgain(() => true)
    this.#questions.askAgain(Number.POSITIVE_INFINITY)
  }

  /** Says why, where the bus does not take it. */
  #submit(bytes: Uint8Array, submission: number, isAnswered = true): string | undefined {
    const counted = this.#takeCounted()
    this.#signs.given(this.#options.nowMs())
    const { client } = this.#options
    return this.#link.send({ _tag: "Submit", client, submission, bytes, counted }, isAnswered)
  }

  #ask(stretch: Stretch): void {
    const { first, queries } = stretch
    const counted = this.#takeCounted()
    const { client } = this.#options
    const refused = this.#link.send({ _tag: "Query", client, question: first, queries, counted }, true)
    if (refused !== undefined) this.#questions.reject(stretch, refused)
  }

  /** Said once: its acceptors tell the leader by themselves, a little later. */
  #takeCounted(): Counted | undefined {
    const counted = this.#counted
    this.#counted = undefined
    return counted
  }

  #openSession(nowMs: number): void {
    const entries = this.#sessions.entriesToOpen(nowMs, retryAfter.value)
    if (entries !== undefined) this.#submit(entries, ++this.#submissions)
  }

  #sendDue(epoch: Epoch, nowMs: number): void {
    const maxBytes = Math.min(submissionMaxBytes.value, this.#link.roomBytes)
    for (const part of epoch.takeParts(maxBytes)) {
      const submission = ++this.#submissions
      const refused = this.#submit(epoch.write(part, submission, nowMs), submission)
      if (refused !== undefined) this.#unsendable(epoch, submission, refused)
    }
  }

  /** Never to be sent. One that was once is open: a bus may come back with a lower limit. */
  #unsendable(epoch: Epoch, submission: number, reason: string): void {
    for (const { command, given, sendings } of epoch.takeOut((sent) => sent.submission === submission)) {
      if (given) continue
      const failure = sendings > 1 ? new Indeterminate({ reason }) : new Rejected({ reason })
      command.done(null, 0, failure)
    }
    this.#sessions.forgetSettled(epoch)
  }

  #giveUpQueued(nowMs: number): void {
    const late = this.#queue.filter((command) => command.deadlineMs <= nowMs)
    if (late.length === 0) return
    this.#queue = this.#queue.filter((command) => command.deadlineMs > nowMs)
    const reason = this.#late("nobody took it in time")
    for (const command of late) command.done(null, 0, new Unavailable({ reason }))
  }

  #late(what: string): string {
    const { absence } = this.#link
    return absence === undefined ? what : `${what}: ${absence}`
  }

  /** Never in good order: then nothing of that submission can succeed. */
  #malformed(submission: number, reason: string): void {
    for (const epoch of this.#sessions.all()) {
      for (const { command, given } of epoch.takeOut((sent) => sent.submission === submission)) {
        if (!given) command.done(null, 0, new Rejected({ reason }))
      }
      this.#sessions.forgetSettled(epoch)
    }
  }

  #results(session: SessionId, flat: ReadonlyArray<unknown>): void {
    const epoch = this.#sessions.named(session)
    if (epoch === undefined) return
    for (let index = 0; index < flat.length; index += 4) {
      const { number, slot, outcome, reply } = resultAt(flat, index)
      if (outcome === "window-exceeded") {
        // Another copy of it may still run: only its own result settles it.
        epoch.sendAgain((_sent, which) => which === number)
        this.#link.wait(retryAfterMs)
        continue
      }
      const sent = epoch.settle(number)
      if (sent === undefined) continue
      if (outcome === "session-expired") this.#sessions.expired(epoch)
      if (sent.given) continue
      const { command } = sent
      if (outcome === "done") command.done(reply, slot, undefined)
      // Even if it was sent once: a bus may double a message, and the other copy may have run in time.
      else if (outcome === "session-expired") {
        command.done(null, 0, new Indeterminate({ reason: "its session expired" }))
      } else command.done(null, 0, new Rejected({ reason: this.#link.unreadable("command") }))
    }
    this.#sessions.forgetSettled(epoch)
  }
}
