/** Numbers and words that make no sense are refused by one sentence, before anything is begun. */
import { describe, expect, it } from "vitest"
import { fromSources, program, runCommand } from "./run-command.test-support.ts"

describe("aplomb", () => {
  for (const [command, flag, value, expected] of [
    ["dev", "--port", "99999", "from 0 to 65535"],
    ["bench", "--size", "600000", "whole numbers from 1 to 500000, separated by commas"],
    ["bench", "--outstanding", "1,abc", "whole numbers from 1 to 8192, separated by commas"],
    ["log tail", "--from", "-1", "0 or more"],
    ["kv list", "--at-least", "-1", "0 or more"],
    ["dev", "--nodes", "10", "from 1 to 9"],
    ["bench failover", "--times", "0", "1 or more"],
    ["bench failover", "--nodes", "99", "from 1 to 9"],
    ["bench failover", "--outstanding", "100000", "from 1 to 8192"],
    ["status", "--timeout", "soon", "a time such as 500ms, 20s, 5m or 1h"],
    ["status", "--cluster", "a b", "1 to 64 letters, digits, dashes or underscores"],
    ["transfer", "--to", "a.b", "1 to 64 letters, digits, dashes or underscores"],
    ["sim search", "--walks", "-1", "1 or more"]
  ] as const) {
    it(`${command} refuses ${flag} ${value}`, () => {
      const { status, stdout, stderr } = runCommand([...command.split(" "), flag, value])
      expect([status, stdout]).toEqual([2, ""])
      const problem = `Invalid value for flag ${flag}: "${value}". Expected: ${expected}`
      expect(stderr).toBe(`aplomb: ${problem} (see aplomb ${command} --help)\n`)
    })
  }

  for (const [words, said, main] of [
    [["nod"], 'Unknown subcommand "nod" for "aplomb", did you mean: node (see aplomb --help)', program],
    [["sim", "wind"], 'Unknown subcommand "wind" for "aplomb sim" (see aplomb sim --help)', fromSources]
  ] as const) {
    it(`refuses the words ${words.join(" ")} by one sentence`, () => {
      const { status, stdout, stderr } = runCommand(words, "", main)
      expect([status, stdout, stderr]).toEqual([2, "", `aplomb: ${said}\n`])
    })
  }
})
