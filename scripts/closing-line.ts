/** A vitest reporter that ends with one plain line of totals, for those who read logs by machine. */
import type { Reporter, TestModule } from "vitest/node"

export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: ReadonlyArray<TestModule>): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const count = (state: string) => tests.filter((test) => test.result().state === state).length
    // A file that could not be loaded holds no test that could fail.
    const brokenModules = modules.filter((module) => module.errors().length > 0).length
    const failed = count("failed") + brokenModules
    process.stdout.write(`${count("passed")} passed, ${failed} failed, ${count("skipped")} skipped\n`)
  }
}
