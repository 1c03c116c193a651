/** The tutorial of the simulator: its commands, and what it says that they print. */
import { readFileSync } from "node:fs"

export const tutorial = readFileSync(new URL("../../docs/tutorial-simulator.md", import.meta.url), "utf8")

/** Blocks that begin with a command after `$`: its words, as a shell cuts them, and the lines below it. */
export const commandsIn = (text: string) =>
  [...text.matchAll(/^```\n\$ (.+)\n([\s\S]*?)^```$/gm)].map(([, command, printed]) => ({
    command: command!,
    words: [...command!.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare!),
    printed: printed!
  }))
