/** A node that asks for the lead, though nothing may be wrong with the one that has it. */
import type { WatchedGroup } from "../laws/laws.ts"
import type { World } from "../world.ts"

/** Has a node ask for a ballot with itself and these others as acceptors; `token` names the request. */
export const askForLead = (
  world: World,
  candidate: WatchedGroup,
  others: ReadonlyArray<WatchedGroup>,
  token: string
): void => {
  const acceptors = [candidate, ...others].map(({ parts }) => parts.self)
  world.kernel.trace.strike("candidacy", candidate.node, { acceptors: acceptors.length })
  candidate.parts.campaign(token, acceptors)
}
