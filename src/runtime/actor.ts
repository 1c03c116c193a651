/** What users import as `aplomb/actor`: actors, typed or plain, in process and over the bus. */
export type {
  ActorContext,
  ActorHandle,
  ActorOptions,
  StopOptions,
  StopReason,
  Termination
} from "./actor-handle.ts"
export type { LocalActor } from "./actor-local.ts"
export {
  type Definitions,
  type Message,
  type MessageDefinition,
  type Protocol,
  protocol
} from "./actor-protocol.ts"
export {
  type BatchActorOptions,
  type EachActorOptions,
  type FoldActorOptions,
  spawnBatch,
  spawnEach,
  spawnFold
} from "./actor-spawn.ts"
export {
  type Handlers,
  type Postponed,
  spawn,
  type TypedActorOptions,
  type TypedContext
} from "./actor-typed.ts"
export { type MemoryExchange, makeMemoryExchange } from "./bus/memory.ts"
export { Bus } from "./bus/port.ts"
export { type ActorCrash, Crashes } from "./crashes.ts"
export { type DeadLetter, type DeadLetterReason, DeadLetters } from "./dead-letters.ts"
export {
  ActorCrashed,
  ActorEscalated,
  ActorStopped,
  AskTimeout,
  ChildEscalated,
  MailboxFull,
  MalformedMessage,
  NoResponder
} from "./errors.ts"
export { Mailbox, type MailboxOptions, type MailboxPolicy } from "./mailbox.ts"
export type { ActorRef, AskError, AskOptions, TellError } from "./reference.ts"
export { remote } from "./remote.ts"
export { type ActorAddress, subjectOf } from "./remote-address.ts"
export { expose } from "./remote-expose.ts"
export { crash, type RestartOptions, restart, type Supervision, stopOnCrash } from "./supervisor.ts"
