/** A disk without room: what needs new space fails and says so; what has its space already goes on. */

/** Whether a disk has no room for so many bytes more. */
export const full = (
  disk: { readonly capacityBytes: number; readonly image: { readonly usedBytes: () => number } },
  lengthBytes: number
): boolean => disk.image.usedBytes() + lengthBytes > disk.capacityBytes
