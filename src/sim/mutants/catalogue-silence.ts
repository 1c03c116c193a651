/** Seeded bugs of leaders that fall silent, and of the rolls that stand in for their beats. */
import type { Mutant } from "./mutant.ts"

const quiet = "protocol/leader/quiet.ts"
const roll = "protocol/liveness/roll.ts"
const groupRoll = "actors/leadership/group-roll.ts"
const places = "suspensions: nobody loses its place because everybody stood still"

export const silenceMutants: ReadonlyArray<Mutant> = [
  {
    id: "silence/before-all-know",
    edits: [{ file: quiet, find: "leastConfirmed(state) > state.toldAfter", replace: "state.round >= 0" }],
    law: "silence is known",
    why: "A leader falls silent although a backup has missed every beat that told what is chosen.",
    scenarios: ["hush"]
  },
  {
    id: "silence/without-a-roll",
    edits: [
      {
        file: roll,
        find: 'if (state._tag !== "Serving" || !isCalm(state, nowMs)) return undefined',
        replace: 'if (state._tag !== "Serving" || state.round >= 0) return undefined'
      }
    ],
    law: places,
    why: "Nobody says for a silent leader that it leads: its backups take the lead from it.",
    scenarios: ["rest"]
  },
  {
    id: "silence/rolls-count-for-nothing",
    edits: [
      { file: groupRoll, find: "    heard.count++\n", replace: "" },
      { file: groupRoll, find: "nowMs() + rollsLast * rollEveryMs.value", replace: "0" }
    ],
    law: places,
    why: "A backup hears the roll and goes on to wait for an Accept of its leader.",
    scenarios: ["rest"]
  },
  {
    id: "silence/before-all-know-who-votes",
    edits: [
      {
        file: "protocol/leader/serve.ts",
        find: "settled({ ...inConfiguration(state, active), toldAfter: state.round })",
        replace: "settled(inConfiguration(state, active))"
      }
    ],
    law: "silence is known",
    why: "A leader falls silent although an acceptor that is left has not heard of the one that was retired.",
    scenarios: ["unheard-retirements"]
  }
]
