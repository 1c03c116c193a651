/** A torture run as a page of Markdown: what struck how often, what was done meanwhile, and the verdict. */
import type { HistoryJudged } from "./check.ts"
import type { ClientReport } from "./client.ts"
import type { Struck } from "./faults.ts"
import { faultKinds, type TortureOptions } from "./plan.ts"

export interface Result {
  readonly options: TortureOptions
  readonly struck: ReadonlyArray<Struck>
  readonly struckForMs: number
  /** From the end of the last fault until a write and a read got through. */
  readonly servedAfterMs: number
  readonly reports: ReadonlyArray<ClientReport>
  readonly history: HistoryJudged
  /** What must not be; empty where the run passed. */
  readonly findings: ReadonlyArray<string>
}

/** A fault as it was done. */
export const struckText = ({ fault, node, skipped, fromMs, toMs, note }: Struck): string => {
  const what = `${(fromMs / 1000).toFixed(1)} s: ${fault.kind} ${node ?? ""}`.trimEnd()
  if (skipped !== undefined) return `${what} left out: ${skipped}`
  const lasted = `${((toMs - fromMs) / 1000).toFixed(1)} s`
  return `${what} (${fault.target}), ${lasted}${note === undefined ? "" : `; ${note}`}`
}

const sum = (numbers: ReadonlyArray<number>): number => numbers.reduce((total, each) => total + each, 0)

const faultRows = (struck: ReadonlyArray<Struck>): ReadonlyArray<string> =>
  Object.keys(faultKinds).flatMap((kind) => {
    const all = struck.filter(({ fault }) => fault.kind === kind)
    if (all.length === 0) return []
    const done = all.filter(({ skipped }) => skipped === undefined)
    const reasons = [...new Set(all.flatMap(({ skipped }) => skipped ?? []))]
    return [`| ${kind} | ${done.length} | ${all.length - done.length} | ${reasons.join("; ")} |`]
  })

/** The report; what is wrong stands first. */
export const reportOf = (result: Result): string => {
  const { options, struck, reports, history, findings } = result
  const count = (of: (report: ClientReport) => number) => sum(reports.map(of))
  const rows = reports.flatMap(({ ledger }) => ledger)
  const verdict = findings.length === 0 ? "passed" : "FAILED"
  return [
    `# Torture run: seed ${options.seed}, ${verdict}`,
    "",
    ...findings.map((finding) => `- ${finding.split("\n").join("\n  ")}`),
    ...(findings.length === 0 ? [] : [""]),
    `${options.acceptors} acceptors and ${options.spares} spares, ` +
      `${options.clients} client processes, ${(result.struckForMs / 1000).toFixed(0)} s of faults.`,
    "",
    "| fault | struck | left out | why |",
    "| --- | --- | --- | --- |",
    ...faultRows(struck),
    "",
    "| what | |",
    "| --- | --- |",
    `| operations in the history | ${history.operations} |`,
    `| acknowledged, failed, ambiguous | ${count(({ counts }) => counts.ok)}, ` +
      `${count(({ counts }) => counts.fail)}, ${count(({ counts }) => counts.info)} |`,
    `| history | ${history.verdict} |`,
    `| links of compare-and-set chains, each once | ${count(({ chainLinks }) => chainLinks)} |`,
    `| ledger: acknowledged writes, keys, open writes | ${count(({ ledgerWrites }) => ledgerWrites)}, ` +
      `${rows.length}, ${sum(rows.map(({ open }) => open.length))} |`,
    `| reads of any replica, at least as far as the write before | ${count(({ nearReads }) => nearReads)} |`,
    `| served again after the last fault | ${Math.round(result.servedAfterMs)} ms |`,
    `| verdict | ${verdict} |`,
    ""
  ].join("\n")
}
