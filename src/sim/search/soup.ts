/** What is on its way, as the end of a state: numbers of messages in order, each once. */
import type { State } from "./model.ts"

/** More messages than one step sends. */
const roomWords = 64

/** Makes `into` the state but for what is on its way, with room for that too. */
export const copyHead = (state: State, soup: number, into: State): void => {
  into.reserve(state.size + roomWords)
  for (let at = 0; at < soup; at++) into.words[at] = state.words[at]!
  into.size = soup
}

/** Adds what was on its way, but for the message that arrived now. */
export const copySoup = (state: State, soup: number, taken: number, into: State): void => {
  let end = soup
  for (let at = soup; at < state.size; at++) {
    const id = state.words[at]!
    if (id !== taken) into.words[end++] = id
  }
  into.size = end
}

export const addToSoup = (into: State, soup: number, id: number): void => {
  const { words } = into
  let at = into.size
  while (at > soup && words[at - 1]! > id) at--
  if (at > soup && words[at - 1] === id) return
  for (let from = into.size; from > at; from--) words[from] = words[from - 1]!
  words[at] = id
  into.size++
}

export const isInSoup = ({ words, size }: State, soup: number, id: number): boolean => {
  for (let at = soup; at < size; at++) if (words[at] === id) return true
  return false
}
