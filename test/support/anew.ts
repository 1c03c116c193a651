/**
 * Before each file of unit tests: our own modules are loaded anew, whatever a file before it has left in
 * them.
 */
import { vi } from "vitest"

vi.resetModules()
