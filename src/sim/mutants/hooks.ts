/**
 * Loading the sources with a mutant in place: a second copy of the modules, under a name of its own, beside
 * the sound one.
 */
import { registerHooks } from "node:module"
import { applyEdits, type Mutant } from "./mutant.ts"

const sources = new URL("../../", import.meta.url).href
const mark = "?mutant="

const mutantOf = (url: string | undefined): string | undefined => {
  const at = url?.indexOf(mark) ?? -1
  return at < 0 ? undefined : decodeURIComponent(url!.slice(at + mark.length))
}

/**
 * Imports a module of this package with a mutant in place, and with it everything of this package that it
 * imports; packages from outside are shared. Fails where an edit does not fit, or is for a file that was not
 * loaded. Nothing on disk changes.
 */
export const importMutated = async (path: string, mutant: Mutant): Promise<unknown> => {
  const edited = new Set<string>()
  const hooks = registerHooks({
    resolve: (specifier, context, nextResolve) => {
      const resolved = nextResolve(specifier, context)
      const id = mutantOf(context.parentURL)
      if (id === undefined || !resolved.url.startsWith(sources) || mutantOf(resolved.url) !== undefined)
        return resolved
      return { ...resolved, url: `${resolved.url}${mark}${encodeURIComponent(id)}` }
    },
    load: (url, context, nextLoad) => {
      const loaded = nextLoad(url, context)
      if (mutantOf(url) !== mutant.id) return loaded
      const file = url.slice(sources.length, url.indexOf(mark))
      if (!mutant.edits.some((edit) => edit.file === file)) return loaded
      edited.add(file)
      const text =
        typeof loaded.source === "string"
          ? loaded.source
          : new TextDecoder().decode(loaded.source ?? undefined)
      return { ...loaded, source: applyEdits(file, text, mutant.edits) }
    }
  })
  try {
    const module: unknown = await import(`${sources}${path}${mark}${encodeURIComponent(mutant.id)}`)
    for (const { file } of mutant.edits) {
      if (!edited.has(file)) throw new Error(`${mutant.id}: ${path} does not load ${file}`)
    }
    return module
  } finally {
    hooks.deregister()
  }
}
