/**
 * Who takes the lead of a group when nobody has it: decided by each acceptor for itself, so that one asks
 * first and the others stand by. Nothing here is needed for safety; the master decides.
 */
import { type Configuration, isAcceptorOf } from "../configuration.ts"
import { type Ballot, type Replica, sameReplica } from "../ids.ts"

/** What the master said. */
export interface Standing {
  readonly active: Configuration | undefined
  /** The ballot issued last; above the active one, somebody is on the way to lead, or was. */
  readonly latest: Ballot
  readonly minAcceptors: number
}

/** Times of a candidate. */
export interface CandidacySettings {
  /** How much longer than the one before it an acceptor waits for its turn. */
  readonly staggerMs: number
  /** How long somebody else who was issued a ballot is left to it. */
  readonly attemptMs: number
  /** After how long without a word of a leader it is looked after, although its node is heard. */
  readonly leaderlessMs: number
}

/** Since when this acceptor has seen that the group needs a leader, and what was issued then. */
export interface Vacancy {
  readonly active: Configuration
  readonly latest: Ballot
  readonly dueAtMs: number
}

/** What this acceptor knows at one moment. */
export interface View {
  readonly self: Replica
  readonly standing: Standing
  /** Whether a replica is not to be counted on. */
  readonly misses: (replica: Replica) => boolean
  /** How long ago a leader was heard of in this group. */
  readonly quietMs: number
  readonly vacancy: Vacancy | undefined
  readonly nowMs: number
  /** Drawn from 0 to 1: two who wait for the same thing are not to come at the same moment. */
  readonly jitter: number
}

export type Decision =
  /** Somebody leads, or it is not for this replica to do so. */
  | { readonly _tag: "Rest" }
  /** Nothing is active: the first acceptor begins the group. */
  | { readonly _tag: "Bootstrap" }
  /** Its turn comes at `vacancy.dueAtMs`, if it is still needed then. */
  | { readonly _tag: "StandBy"; readonly vacancy: Vacancy }
  /** To be tried now. Where it fails, `vacancy` has it stand back for a while. */
  | {
      readonly _tag: "Campaign"
      readonly acceptors: ReadonlyArray<Replica>
      readonly vacancy: Vacancy
    }

const rest: Decision = { _tag: "Rest" }

/** Acceptors that can be counted on, in the order of the configuration; always with this replica. */
export const survivorsOf = (
  { acceptors }: Configuration,
  self: Replica,
  misses: (replica: Replica) => boolean
): ReadonlyArray<Replica> => acceptors.filter((acceptor) => sameReplica(acceptor, self) || !misses(acceptor))

/** What this acceptor does about the lead of its group, when it does not lead itself. */
export const decide = (view: View, settings: CandidacySettings): Decision => {
  const { self, standing, misses, nowMs } = view
  const { active, latest, minAcceptors } = standing
  if (active === undefined) return { _tag: "Bootstrap" }
  if (!isAcceptorOf(active, self)) return rest
  const survivors = survivorsOf(active, self, misses)
  const waitMs = waitOf(view, active, survivors, settings)
  if (waitMs === undefined || survivors.length < minAcceptors) return rest
  const known = view.vacancy
  if (known !== undefined && isSame(known.active, active)) {
    if (latest > known.latest) {
      // Somebody was issued a ballot meanwhile: it is left to it for a while.
      const rankMs = settings.staggerMs * rankOf(self, survivors)
      const dueAtMs = nowMs + settings.attemptMs * (1 + view.jitter / 2) + rankMs
      return { _tag: "StandBy", vacancy: { active, latest, dueAtMs } }
    }
    if (nowMs < known.dueAtMs) return { _tag: "StandBy", vacancy: known }
  } else if (waitMs > 0) {
    return { _tag: "StandBy", vacancy: { active, latest, dueAtMs: nowMs + waitMs } }
  }
  return { _tag: "Campaign", acceptors: survivors, vacancy: { active, latest, dueAtMs: nowMs } }
}

const isSame = (a: Configuration, b: Configuration): boolean =>
  a.ballot === b.ballot && a.generation === b.generation

const rankOf = (self: Replica, survivors: ReadonlyArray<Replica>): number =>
  survivors.findIndex((survivor) => sameReplica(survivor, self))

/** How long to wait for one's turn; undefined where there is nothing to wait for: somebody leads. */
const waitOf = (
  { self, standing, misses, quietMs, jitter }: View,
  active: Configuration,
  survivors: ReadonlyArray<Replica>,
  { staggerMs, attemptMs, leaderlessMs }: CandidacySettings
): number | undefined => {
  // Its own ballot is active, and it does not lead: it was restarted, or deposed by a ballot that may still
  // become active.
  if (sameReplica(active.leader, self))
    return standing.latest > active.ballot ? attemptMs * (1 + jitter / 2) : 0
  const rankMs = staggerMs * rankOf(self, survivors)
  if (misses(active.leader)) return rankMs
  // Its node is there, and leads nothing that anybody hears of. It is the first to see to that.
  return quietMs >= leaderlessMs ? rankMs + staggerMs : undefined
}
