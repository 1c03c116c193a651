/** What the JavaScript engine of a node's process is told; main.ts says the same in its first line. */

/**
 * Young memory of 2 x 16 MiB. A node copies some 20 MB a second of messages under load, and the engine looks
 * through the whole heap as soon as what it was given since the last time comes near to what young memory may
 * hold: with the usual limit of twice as much it does so after every collection of young memory, five times a
 * second, and the slowest hundredth of the writes takes twice as long (decision 22).
 */
export const v8Flags: ReadonlyArray<string> = ["--max-semi-space-size=16"]
