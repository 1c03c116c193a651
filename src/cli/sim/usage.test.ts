/** Wrong usage is refused by one sentence on stderr, and nothing is begun. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import { runCommand } from "../run-command.test-support.ts"

describe("aplomb sim", () => {
  for (const [flag, value, expected] of [
    ["--seeds", "-5", "0 or more"],
    ["--keep-going", "0", "1 or more"],
    ["--jobs", "5000", "from 1 to 256"],
    ["--from", "-3", "from 0 to 1000000000000000"],
    ["--from", "9007199254740991", "from 0 to 1000000000000000"],
    ["--hang", "0", "a time that is not 0"],
    ["--for", "0", "a time that is not 0"]
  ] as const) {
    it(`refuses ${flag} ${value} by one sentence`, () => {
      const { status, stdout, stderr } = runCommand(["sim", "run", "t019", flag, value])
      expect([status, stdout]).toEqual([2, ""])
      const problem = `Invalid value for flag ${flag}: "${value}". Expected: ${expected}`
      expect(stderr).toBe(`aplomb: ${problem} (see aplomb sim run --help)\n`)
    })
  }

  it("says where the names are where one is not known", () => {
    for (const [words, problem] of [
      ["sim run nope --seeds 1", /^aplomb: there is no simulation called "nope"; there are .+\n$/],
      [
        "sim search --scope nope",
        /^aplomb: there is no scope called "nope"; aplomb sim search --scopes lists them\n$/
      ]
    ] as const) {
      const { status, stdout, stderr } = runCommand(words.split(" "))
      expect(stderr).toMatch(problem)
      expect([status, stdout]).toEqual([2, ""])
    }
  })

  it("begins no campaign whose findings could not be kept", () => {
    for (const out of ["/proc/findings", `${process.execPath}/below`]) {
      const { status, stdout, stderr } = runCommand(["sim", "run", "t019", "--seeds", "1", "--out", out])
      expect([status, stdout]).toEqual([2, ""])
      expect(stderr).toMatch(/^aplomb: .+ cannot be written: .+\n$/)
    }
    const parent = mkdtempSync(join(tmpdir(), "aplomb-usage-"))
    onTestFinished(() => rmSync(parent, { recursive: true }))
    const out = join(parent, "of", "today")
    expect(runCommand(["sim", "run", "t019", "--seeds", "1", "--jobs", "1", "--out", out]).status).toBe(0)
    expect(readdirSync(parent)).toEqual([])
  })

  it("fails a campaign that is to reach every assertion and does not", () => {
    const words = "sim run t019 --seeds 1 --jobs 1 --all-reached".split(" ")
    const { status, stdout, stderr } = runCommand(words)
    expect(stdout).toMatch(/^1 seeds, 0 findings; /)
    expect(stderr).toMatch(/^aplomb: \d+ of \d+ assertions were not reached by 1 seeds: ".+"\n$/)
    // Demanded of the scenario though it has another one's name.
    expect(stderr).toContain('"silence: another ballot became active while a leader was silent"')
    expect(status).toBe(1)
  })

  it("refuses to replay a seed and a recipe at once", () => {
    const { status, stdout, stderr } = runCommand("sim replay t019 --seed 1 --recipe 1".split(" "))
    expect(stderr).toBe("aplomb: --seed and --recipe each say which run: give one of them\n")
    expect([status, stdout]).toEqual([2, ""])
  })

  it("says what is wrong with a recipe", () => {
    for (const [words, problem] of [
      [["replay", "t019", "--recipe", "seven"], 'it begins with "seven", which is no seed'],
      [["replay", "t019", "--recipe", "7 -> 9@1 -> 3"], '"3" is no draw with the seed to go on with'],
      [["replay", "t019", "--recipe", "7 -> 9@1 -> 9@2"], "draw 9 does not come after draw 9"],
      [["shrink", "t019", "--seed", `1${"0".repeat(20)}`], "a seed is a whole number from 0 to 2^53 - 1"]
    ] as const) {
      const { status, stdout, stderr } = runCommand(["sim", ...words])
      expect(stderr).toBe(
        `aplomb: "${words[3]}" is no recipe: ${problem}; ` +
          "a recipe looks like 7, or like 7 -> 120@99 -> 4510@3\n"
      )
      expect([status, stdout]).toEqual([2, ""])
    }
    const { status, stderr } = runCommand(["sim", "replay", "t019"])
    expect(stderr).toMatch(/^aplomb: say which run: --seed N, or --recipe .+\n$/)
    expect(status).toBe(2)
  })

  it("writes no file over another one, and none without a name", () => {
    const directory = mkdtempSync(join(tmpdir(), "aplomb-usage-"))
    onTestFinished(() => rmSync(directory, { recursive: true }))
    const path = join(directory, "run")
    const replay = ["sim", "replay", "t019", "--seed", "1"]
    const other = join(directory, "..", basename(directory), "run")
    const twice = runCommand([...replay, "--html", path, "--trace", other])
    expect(twice.stderr).toMatch(/^aplomb: .+run cannot be two files at once: give each another name\n$/)
    expect([twice.status, twice.stdout]).toEqual([2, ""])
    for (const flag of ["--trace", "--history", "--html"]) {
      const { status, stdout, stderr } = runCommand([...replay, flag, ""])
      expect(stderr).toMatch(/^aplomb: Missing value for flag .+. Expected: the name of a file /)
      expect([status, stdout]).toEqual([2, ""])
    }
    expect(readdirSync(directory)).toEqual([])
    expect(runCommand([...replay, "--html", "/dev/null", "--trace", "/dev/null"]).status).toBe(0)
  })

  it("says which field of a repro file is wrong, or what no run can be", () => {
    const directory = mkdtempSync(join(tmpdir(), "aplomb-usage-"))
    onTestFinished(() => rmSync(directory, { recursive: true }))
    const path = join(directory, "repro.json")
    const sound = { format: "aplomb-repro/1", scenario: "t019", recipe: "1", law: "none", message: "" }
    const saying = (fields: object) => {
      writeFileSync(path, JSON.stringify({ ...sound, without: [], limits: {}, ...fields }))
      const { status, stdout, stderr } = runCommand(["sim", "repro", path])
      expect([status, stdout]).toEqual([2, ""])
      return stderr.replace(`aplomb: ${path}: `, "").trimEnd()
    }
    const fields = "the fields are not those of a repro file:"
    expect(saying({ limits: { clients: "one" } })).toBe(`${fields} Expected number at ["limits"]["clients"]`)
    expect(saying({ without: "restarts" })).toMatch(
      /^the fields are not .+: Expected array.* at \["without"\]$/
    )
    expect(saying({ format: "other" })).toMatch(/^this is no repro file: it must be JSON with "format": /)
    expect(saying({ without: ["nobody"] })).toMatch(/^without: t019 has no family of faults "nobody"; there/)
    expect(saying({ limits: { clients: -1 } })).toBe("clientsMax is -1: give a whole number from 0 on")
  })

  it("searches nothing with less memory than it takes to begin", () => {
    const { status, stdout, stderr } = runCommand(["sim", "search", "--memory", "1"])
    expect(stderr).toMatch(/Invalid value for flag --memory: "1". Expected: 16 or more/)
    expect([status, stdout]).toEqual([2, ""])
    const least = runCommand(["sim", "search", "--memory", "16"])
    expect(least.stdout).toContain("two-ballots: 4,882 states")
    expect(least.status).toBe(0)
  })

  it("runs nothing again whose files could not be written, and writes none of them", () => {
    const directory = mkdtempSync(join(tmpdir(), "aplomb-usage-"))
    onTestFinished(() => rmSync(directory, { recursive: true }))
    const trace = ["--trace", join(directory, "trace.jsonl")]
    for (const flags of [
      ["--trace", "/no/such/file"],
      [...trace, "--history", "/no/such/file"],
      [...trace, "--html", "/no/such/file"]
    ]) {
      const { status, stdout, stderr } = runCommand(["sim", "replay", "t019", "--seed", "1", ...flags])
      expect(stderr).toMatch(/^aplomb: \/no\/such\/file cannot be written: .+\n$/)
      expect([status, stdout]).toEqual([2, ""])
    }
    expect(readdirSync(directory)).toEqual([])
  })

  it("tells how a run ended also where the disk does not take its files", () => {
    const words = ["sim", "replay", "t019", "--seed", "1", "--trace", "/dev/full"]
    const { status, stdout, stderr } = runCommand(words)
    expect(stdout).toMatch(/^t019 1: nothing is wrong\n/)
    expect(stderr).toMatch(/^aplomb: \/dev\/full cannot be written: ENOSPC.+\n$/)
    expect(status).toBe(2)
  })

  it("says which known seeds it leaves out, and begins with no file that names what there is not", () => {
    const directory = mkdtempSync(join(tmpdir(), "aplomb-usage-"))
    onTestFinished(() => rmSync(directory, { recursive: true }))
    const path = join(directory, "known.json")
    const words = ["sim", "run", "t019", "--seeds", "1", "--jobs", "1", "--json", "--known", path]
    const run = (...simulations: ReadonlyArray<string>) => {
      const seeds = simulations.map((simulation) => ({ simulation, recipe: "1", found: "" }))
      writeFileSync(path, JSON.stringify(seeds))
      return runCommand(words)
    }
    const { status, stdout, stderr } = run("t020", "t019", "registers", "t020")
    expect(stderr).toBe(`${path}: seeds of other simulations are left out: t020 2, registers 1\n`)
    expect([status, JSON.parse(stdout).runs]).toEqual([0, 2])
    const refused = run("t019", "nope")
    expect(refused.stderr).toMatch(/cannot be used: there is no simulation called "nope"; there are .+\n$/)
    expect([refused.status, refused.stdout]).toEqual([2, ""])
  })

  it("begins neither to shrink nor to draw where the result could not be written", () => {
    const directory = mkdtempSync(join(tmpdir(), "aplomb-usage-"))
    onTestFinished(() => rmSync(directory, { recursive: true }))
    const repro = join(directory, "repro.json")
    const run = { recipe: "1", without: [], limits: {}, law: "none", message: "" }
    writeFileSync(repro, JSON.stringify({ format: "aplomb-repro/1", scenario: "t019", ...run }))
    // This seed fails nothing: either would say so if it had been run.
    for (const words of [
      ["shrink", "t019", "--seed", "1", "--out", directory],
      ["shrink", "t019", "--seed", "1", "--out", join(process.execPath, "below")],
      ["repro", repro, "--html", "/no/such/file"]
    ]) {
      const { status, stdout, stderr } = runCommand(["sim", ...words])
      expect(stderr).toMatch(/^aplomb: .+ cannot be written: .+\n$/)
      expect([status, stdout]).toEqual([2, ""])
    }
    expect(readdirSync(directory)).toEqual(["repro.json"])
  })
})
