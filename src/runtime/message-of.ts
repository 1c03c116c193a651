/** What was thrown, as text: it may be anything. */

/** The message of an error, or what was thrown in its place. */
export const messageOf = (thrown: unknown): string =>
  thrown instanceof Error ? thrown.message : String(thrown)

/** The same with the place where it was thrown, if it knows that. */
export const stackOf = (thrown: unknown): string =>
  thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)
