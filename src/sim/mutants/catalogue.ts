/** All seeded bugs. */
import { acceptorMutants } from "./catalogue-acceptor.ts"
import { callMutants } from "./catalogue-calls.ts"
import { clientMutants } from "./catalogue-client.ts"
import { copyMutants } from "./catalogue-copies.ts"
import { detectorMutants } from "./catalogue-detector.ts"
import { foretellMutants } from "./catalogue-foretell.ts"
import { groupMutants } from "./catalogue-groups.ts"
import { leaderMutants } from "./catalogue-leader.ts"
import { leaseMutants } from "./catalogue-lease.ts"
import { memberMutants } from "./catalogue-members.ts"
import { oldWordMutants } from "./catalogue-old-words.ts"
import { registerMutants } from "./catalogue-register.ts"
import { segmentMutants } from "./catalogue-segments.ts"
import { silenceMutants } from "./catalogue-silence.ts"
import { snapshotMutants } from "./catalogue-snapshot.ts"
import { storageMutants } from "./catalogue-storage.ts"
import { wireMutants } from "./catalogue-wire.ts"
import type { Mutant } from "./mutant.ts"

export const mutants: ReadonlyArray<Mutant> = [
  ...acceptorMutants,
  ...leaderMutants,
  ...storageMutants,
  ...segmentMutants,
  ...snapshotMutants,
  ...clientMutants,
  ...callMutants,
  ...leaseMutants,
  ...detectorMutants,
  ...memberMutants,
  ...registerMutants,
  ...copyMutants,
  ...foretellMutants,
  ...silenceMutants,
  ...oldWordMutants,
  ...wireMutants,
  ...groupMutants
]
