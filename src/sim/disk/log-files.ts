/** The segments of a log on a simulated disk. */
import type { DiskImage } from "./image.ts"

/** Their paths, oldest first. */
export const logFilesOn = (image: DiskImage): ReadonlyArray<string> =>
  [...image.files.keys()].filter((path) => path.endsWith(".log")).sort()

/** All that they hold: two logs are the same where this is. */
export const logBytesOn = (image: DiskImage): Buffer =>
  Buffer.concat(
    logFilesOn(image).map((path) => {
      const file = image.files.get(path)!
      return file.read(0, file.sizeBytes)
    })
  )
