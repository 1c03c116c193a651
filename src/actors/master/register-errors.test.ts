/** What is said where the master's memory cannot be used. */
import { assert, describe, it } from "@effect/vitest"
import { RegisterCorrupted, RegisterUnreadable } from "./register-errors.ts"

describe("a state of the master that cannot be read", () => {
  it("is a matter of versions where several masters keep it, and of a file where one does", () => {
    const several = new RegisterUnreadable({ group: "main" }).message
    assert.include(several, "what the masters keep of group main")
    assert.include(several, "run the version of Aplomb that the other nodes run")
    const one = new RegisterCorrupted({ path: "data/master/main.json", reason: "no JSON" }).message
    assert.include(
      one,
      "the master's file data/master/main.json is damaged (no JSON); put back the file as it"
    )
    const file = new RegisterCorrupted({ path: "data/master/main.json", reason: "no JSON", isOne: true })
      .message
    assert.include(file, "is damaged (no JSON); several masters keep what it should hold")
    assert.include(file, "delete it, or, if you put back a copy there, put one there that is whole")
    assert.notInclude(file, "as it was last written")
  })
})
