/**
 * Whether the engine that runs this program is recent enough: asked before anything that an old one lacks.
 */

/** What package.json demands under `engines`. */
export const leastNode = { major: 22, minor: 19 }

/** A sentence where the version of Node.js, as in `process.versions.node`, is older than what is needed. */
export const tooOld = (version: string): string | undefined => {
  const [major = 0, minor = 0] = version.split(".").map(Number)
  const { major: leastMajor, minor: leastMinor } = leastNode
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return undefined
  return (
    `aplomb: Node.js ${leastMajor}.${leastMinor} or later is needed, and this is ${version}: run it with a ` +
    "newer one (where the project is built from its sources, that is node_modules/.bin/node)"
  )
}
