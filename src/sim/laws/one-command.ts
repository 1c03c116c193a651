/** One command: a client never gives a number of a session to a second command, whatever it sends again. */
import { law } from "./laws.ts"

export const oneCommand = law("a number is of one command", "5.3", (_facts, broken) => {
  const given = new Map<number, Map<number, number>>()
  return {
    onSubmitted: (client, session, number, command) => {
      let numbers = given.get(session)
      if (numbers === undefined) given.set(session, (numbers = new Map()))
      const before = numbers.get(number)
      if (before === undefined) numbers.set(number, command)
      else if (before !== command)
        broken(`${client} sends another command as number ${number} of session ${session} than before`)
    }
  }
})
