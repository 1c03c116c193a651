/** The protocol cores as a value, so that the same search can drive them as they are or with a seeded bug. */
import { acceptorStep, debtDue, leaseWaited } from "../../protocol/acceptor.ts"
import { attemptStep, beginAttempt, keeperStep } from "../../protocol/cas-paxos.ts"
import { idleLeader, leaderStep } from "../../protocol/leader.ts"
import { holdsLease } from "../../protocol/leader-lease.ts"
import { freshGrants } from "../../protocol/lease.ts"
import { masterStep } from "../../protocol/master.ts"
import { learnStep } from "../../protocol/outsider.ts"

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
