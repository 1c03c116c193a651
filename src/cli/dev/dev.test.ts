/** `aplomb dev` that has no time to get ready has not succeeded. */
import { expect, it } from "vitest"
import { runCommand } from "../run-command.test-support.ts"

it("aplomb dev fails where the cluster was not ready when its time was over", () => {
  const { status, stderr } = runCommand(["dev", "--bus", "memory", "--for", "1ms"])
  expect(stderr).toBe(
    "aplomb: the cluster did not become ready within the 1 ms of --for; give it more time\n"
  )
  expect(status).toBe(3)
})
