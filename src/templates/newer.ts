import type { State } from "../state/state.ts";

/**
 * Digest of the newest version of the template that an instance was made from; undefined when that is it, or when the version that it was
 * made from was not added here: then nothing tells which of the two is newer.
 */
export function newerTemplate(
  { templates }: Pick<State, "templates">,
  madeFrom: { readonly name: string; readonly digest: string },
): string | undefined {
  const versions = templates.versions(madeFrom.name);
  const [newest] = versions;
  const isKnown = versions.some(({ digest }) => digest === madeFrom.digest);
  return isKnown && newest !== undefined && newest.digest !== madeFrom.digest ? newest.digest : undefined;
}
