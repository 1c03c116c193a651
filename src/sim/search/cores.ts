/** The protocol cores as a value, so that the same search can drive them as they are or with a seeded bug. */
import { acceptorStep, debtDue, leaseWaited } from "../../protocol/acceptor/acceptor.ts"
import { freshGrants } from "../../protocol/acceptor/lease.ts"
import { holdsLease } from "../../protocol/leader/held-lease.ts"
import { idleLeader, leaderStep } from "../../protocol/leader/leader.ts"
import { attemptStep, beginAttempt, keeperStep } from "../../protocol/master/cas-paxos.ts"
import { masterStep } from "../../protocol/master/master.ts"
import { learnStep } from "../../protocol/membership/outsider.ts"

export interface Cores {
  readonly acceptorStep: typeof acceptorStep
  readonly leaseWaited: typeof leaseWaited
  readonly debtDue: typeof debtDue
  readonly leaderStep: typeof leaderStep
  readonly idleLeader: typeof idleLeader
  readonly freshGrants: typeof freshGrants
  readonly holdsLease: typeof holdsLease
  readonly masterStep: typeof masterStep
  readonly learnStep: typeof learnStep
  readonly keeperStep: typeof keeperStep
  readonly beginAttempt: typeof beginAttempt
  readonly attemptStep: typeof attemptStep
}

export const realCores: Cores = {
  acceptorStep,
  leaseWaited,
  debtDue,
  leaderStep,
  idleLeader,
  freshGrants,
  holdsLease,
  masterStep,
  learnStep,
  keeperStep,
  beginAttempt,
  attemptStep
}
