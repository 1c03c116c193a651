/** Where an exposed actor is found on the bus. */
import * as Base64Url from "effect/encoding/Base64Url"

/**
 * Name of an actor within a system of processes that share a bus; any text, encoded where a subject cannot
 * hold it.
 */
export interface ActorAddress {
  readonly system: string
  readonly name: string
}

/** The mark keeps an encoded name from meeting a plain one that looks the same. */
const token = (text: string): string => (/^[A-Za-z0-9_-]+$/.test(text) ? text : `=${Base64Url.encode(text)}`)

/** The subject of an actor: `aplomb.actor.<system>.<name>`. */
export const subjectOf = (address: ActorAddress): string =>
  `aplomb.actor.${token(address.system)}.${token(address.name)}`
