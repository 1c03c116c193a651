/**
 * A replica outside of the active configuration: it takes chosen entries into its log, over what it may have
 * voted for once, so that it is ready to be made an acceptor again.
 */
import { type AcceptorState, newRuns } from "../acceptor/acceptor.ts"
import { type Configuration, isAcceptorOf } from "../configuration.ts"
import { Ballot, noBallot, type Slot, slotMax, slotMin, slotPlus } from "../ids.ts"
import { type Run, runLast, runsLast, runsMisformed, sliceRun } from "../log/run.ts"
import type { Base, LogView } from "../log/view.ts"
import { type DurableRecord, ignored, type Output, type Step, stay } from "../step.ts"

/** A snapshot that is durable here, to be put under the log. */
export interface Installed {
  readonly _tag: "Installed"
  /** As in `Learned`; undefined where none is known. */
  readonly active: Configuration | undefined
  /** Its last entry: chosen, like all before. */
  readonly base: Base
}

/** Chosen entries, from a node that knows them as such. */
export interface Learned {
  readonly _tag: "Learned"
  /** A configuration that is active, or was once. */
  readonly active: Configuration
  /** Consecutive, from `first` on; all of them are chosen. */
  readonly first: Slot
  readonly runs: ReadonlyArray<Run>
}

/**
 * Whether a replica may take chosen entries over its log: where a configuration was active without it, and it
 * has promised no ballot above that one. Nobody then reads its log, or counts on its votes, before it has
 * taken part in a later ballot. That the configuration was active once is enough: a later one could have made
 * this replica an acceptor only by a promise of it, above that ballot.
 */
export const isOutside = (
  { self, promised }: Pick<AcceptorState, "self" | "promised">,
  active: Configuration
): boolean => active.ballot >= promised && !isAcceptorOf(active, self)

/**
 * Takes chosen entries in. It promises the active ballot first: a leader of this very replica that has not
 * heard of it yet thereby ends, and does not go on with a log that changes under it.
 */
export const learnStep = (state: AcceptorState, log: LogView, message: Learned): Step<AcceptorState> => {
  const { active, first, runs } = message
  if (!isOutside(state, active)) return stay(state, ignored("chosen entries for a replica that votes"))
  const before = slotPlus(first, -1)
  const ballot = log.ballotAt(slotMin(before, log.last)) ?? noBallot
  // Through here the log is the chosen one already; what comes must go on from there.
  const known = slotMax(state.chosen, log.base.slot)
  if (before > known || runsMisformed(runs, before, ballot) !== undefined)
    return stay(state, ignored("chosen entries that do not go on from what is known to be chosen"))
  const records: Array<DurableRecord> = []
  const notes: Array<Output> = []
  // An entry of a later ballot is chosen: then that one was active meanwhile.
  const promised = Ballot(Math.max(state.promised, active.ballot, runs[runs.length - 1]?.ballot ?? noBallot))
  if (promised > state.promised) {
    records.push({ _tag: "Promised", ballot: promised })
    notes.push({ _tag: "Note", note: { _tag: "PromisedNote", ballot: promised } })
  }
  const news = runs.flatMap((run) => sliceRun(run, slotPlus(known, 1), runLast(run)) ?? [])
  for (const run of newRuns(log, news)) records.push({ _tag: "Appended", run })
  const chosen = slotMax(state.chosen, runsLast(runs, before))
  const advanced = chosen > state.chosen
  if (advanced) records.push({ _tag: "Chosen", slot: chosen })
  const next: AcceptorState = { ...state, promised, chosen, configuration: active }
  if (records.length === 0) return stay(next)
  return {
    state: next,
    outputs: [
      ...notes,
      {
        _tag: "Persist",
        records,
        release: advanced ? [{ _tag: "Apply", through: chosen, answer: false }] : []
      }
    ]
  }
}

/**
 * Begins the log behind a snapshot, never one that knows as much as chosen. Where the log has the snapshot's
 * last entry it is the log that the snapshot was made of (log matching), and what follows is kept; a log that
 * differs is dropped, as chosen entries would replace it. It promises the active ballot first, as `learnStep`
 * does.
 *
 * Unlike entries, a snapshot is taken by a replica that has promised a ballot which is not active yet, too: a
 * new acceptor that is being brought to the log may lack what its leader has cut off. All that it has
 * acknowledged in that ballot and the snapshot covers is chosen, hence the same. Who votes in the active
 * ballot has it all.
 */
export const installStep = (
  state: AcceptorState,
  log: LogView,
  { active, base }: Installed
): Step<AcceptorState> => {
  const votes = active !== undefined && isAcceptorOf(active, state.self) && active.ballot >= state.promised
  if (votes) return stay(state, ignored("a snapshot for a replica that votes"))
  if (base.slot <= slotMax(state.chosen, log.base.slot))
    return stay(state, ignored("a snapshot of what is known to be chosen"))
  const promised = Ballot(Math.max(state.promised, active?.ballot ?? noBallot, base.ballot))
  const configuration = active?.ballot === promised ? active : state.configuration
  const records: Array<DurableRecord> = []
  const notes: Array<Output> = []
  if (promised > state.promised) {
    records.push({ _tag: "Promised", ballot: promised })
    notes.push({ _tag: "Note", note: { _tag: "PromisedNote", ballot: promised } })
  }
  const agrees = log.ballotAt(base.slot) === base.ballot
  records.push(agrees ? { _tag: "Based", base } : { _tag: "Rewritten", base, runs: [] })
  records.push({ _tag: "Chosen", slot: base.slot })
  return {
    state: { ...state, promised, chosen: base.slot, configuration },
    outputs: [...notes, { _tag: "Persist", records, release: [] }]
  }
}
