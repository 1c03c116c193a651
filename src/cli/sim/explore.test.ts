/** What an exploration prints: what it came upon, how fast, and what was reached and what was not. */
import { expect, it } from "vitest"
import { runCommand } from "../run-command.test-support.ts"

it("an exploration says what it came upon, how fast, and what was reached", () => {
  const words = "sim explore t019 --runs 2 --seed 7 --jobs 2".split(" ")
  const { status, stdout } = runCommand(words)
  const lines = stdout.split("\n")
  expect(lines[0]).toMatch(/^2 runs came upon \d+ different things$/)
  expect(lines[1]).toMatch(/^2 runs, 0 findings; [\d,]+ runs, .+ bus messages per CPU second$/)
  expect(stdout).toMatch(/^reached: .*point: before persist \d+/m)
  expect(stdout).toMatch(/^not reached: sometimes ".+"$/m)
  expect(status).toBe(0)
})
