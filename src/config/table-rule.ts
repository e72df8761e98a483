import { z } from "zod";
import { describe } from "./file-mistakes.ts";

export type Table = Readonly<Record<string, unknown>>;

/**
 * A rule between keys. It runs even where a key has a mistake of its own, so it may ask only which keys are there.
 * Without `when` zod would skip it, and the operator would hear of mistakes one by one.
 */
export function rule(obeys: (table: Table) => boolean, key: string, complaint: string, hint?: string) {
  return z.refine<Table>(obeys, {
    path: [key],
    error: complaint,
    params: { hint },
    when: ({ value }) => typeof value === "object" && value !== null,
  });
}

/** What stands under `[[name]]`. */
export function listOfTables<T extends z.ZodType>(name: string, table: T) {
  return z.array(table, {
    error: ({ input }) =>
      input === undefined || Array.isArray(input)
        ? undefined
        : `must be a list of tables, each under its [[${name}]], not ${describe(input)}`,
  });
}
