/** What a ledger calls a contradiction: writes lost, changed, repeated, or made by nobody. */
import { assert, describe, it } from "@effect/vitest"
import { contradiction, type LedgerRow } from "./ledger.ts"

const row: LedgerRow = { key: "k", revision: 10, value: "a", open: [] }
const open: LedgerRow = { ...row, open: ["b"] }

describe("a ledger", () => {
  it("takes the acknowledged write at its very revision, or nothing where none was acknowledged", () => {
    assert.isUndefined(contradiction(row, { revision: 10, value: "a" }))
    assert.isUndefined(contradiction({ ...row, revision: 0, value: null }, undefined))
  })

  it("refuses a key that is gone, an older one, another value", () => {
    assert.match(contradiction(row, undefined)!, /not there/)
    assert.match(contradiction(row, { revision: 9, value: "z" })!, /of 9 stands there/)
    assert.match(contradiction(row, { revision: 10, value: "z" })!, /"z" stands there/)
  })

  it("refuses an acknowledged write that stands at a later revision: it was applied twice", () => {
    assert.match(contradiction(row, { revision: 11, value: "a" })!, /written twice/)
    assert.match(contradiction(open, { revision: 11, value: "a" })!, /written twice/)
  })

  it("lets a write whose outcome is open stand above the acknowledged one, and no other", () => {
    assert.isUndefined(contradiction(open, { revision: 11, value: "b" }))
    assert.match(contradiction(open, { revision: 11, value: "c" })!, /by nobody/)
  })
})
