/** The laws of the protocol, all of them. */

import { agreement } from "./agreement.ts"
import { appliedIsChosen } from "./applied-is-chosen.ts"
import { callsEnd } from "./calls-end.ts"
import { chosenIsDurable } from "./chosen-is-durable.ts"
import { debts } from "./debts.ts"
import { enoughAcceptors } from "./enough-acceptors.ts"
import { keepers } from "./keepers.ts"
import type { Law } from "./laws.ts"
import { logMatching } from "./log-matching.ts"
import { logTime } from "./log-time.ts"
import { neededStays } from "./needed-stays.ts"
import { once } from "./once.ts"
import { oneActive } from "./one-active.ts"
import { oneCommand } from "./one-command.ts"
import { oneLease } from "./one-lease.ts"
import { promises } from "./promises.ts"
import { restartRemembers } from "./restart-remembers.ts"
import { sameState } from "./same-state.ts"
import { served } from "./served.ts"
import { sessions } from "./sessions.ts"
import { sessionsKept } from "./sessions-kept.ts"
import { silence } from "./silence.ts"
import { snapshots } from "./snapshots.ts"
import { survival } from "./survival.ts"

export const protocolLaws: ReadonlyArray<Law> = [
  promises,
  oneActive,
  keepers,
  oneLease,
  logMatching,
  chosenIsDurable,
  agreement,
  survival,
  appliedIsChosen,
  sameState,
  logTime,
  once,
  oneCommand,
  restartRemembers,
  snapshots,
  neededStays,
  silence,
  debts,
  sessions,
  callsEnd,
  sessionsKept,
  enoughAcceptors,
  served
]
