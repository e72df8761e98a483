import type { Mistake } from "./file-mistakes.ts";
import type { Table } from "./table-rule.ts";

/** `web` counted is web-1, web-2, …; `web{n}` is web1, web2, … */
export function numbered(name: string, count: number | undefined): string[] {
  if (count === undefined) return [name];
  const pattern = name.includes("{n}") ? name : `${name}-{n}`;
  return Array.from({ length: count }, (_, index) => pattern.replace("{n}", String(index + 1)));
}

/**
 * What is wrong with the names of a file's instances, also of those that have other mistakes. `taken` says where each name was given,
 * over all files.
 */
export function nameMistakes(
  tables: readonly Table[],
  taken: Map<string, string>,
  placeOf: (path: Mistake["path"]) => string,
): Mistake[] {
  return tables.flatMap(({ name, count }, index) => {
    if (typeof name !== "string") return [];
    const path = ["instance", index, "name"];
    const names = numbered(name, typeof count === "number" ? Math.min(count, 1000) : undefined);
    const repeated = names.find((one) => taken.has(one));
    const mistakes: Mistake[] = [];
    if (repeated !== undefined)
      mistakes.push({
        path,
        complaint: `${JSON.stringify(repeated)} is already taken by ${taken.get(repeated)}`,
      });
    if (count !== undefined && names.some((one) => one.length > 63))
      mistakes.push({ path, complaint: "is too long with its number" });
    for (const one of names) if (!taken.has(one)) taken.set(one, placeOf(path));
    return mistakes;
  });
}
