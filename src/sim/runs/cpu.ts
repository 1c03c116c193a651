/** How much processor time this thread has used. */

/** Milliseconds of processor time, user and system, of the calling thread. */
export const threadCpuMs = (): number => {
  const { user, system } =
    process.threadCpuUsage === undefined ? process.cpuUsage() : process.threadCpuUsage()
  return (user + system) / 1000
}
