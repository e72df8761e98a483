import type { z } from "zod";
import { WaifuError } from "../errors.ts";
import { nearest } from "../nearest.ts";

/** What is wrong with the value at `path`: `complaint` completes a sentence that begins with its key. */
export type Mistake = { path: readonly PropertyKey[]; complaint: string; hint?: string };

/** zod's error map for the cases in which the schema itself gives no complaint. */
export function complain(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case "invalid_type":
      if (issue.input === undefined) return "is missing";
      return `must be ${inWords[issue.expected] ?? issue.expected}, not ${describe(issue.input)}`;
    case "invalid_value":
      if (issue.input === undefined) return "is missing";
      return `must be ${issue.values.map((value) => JSON.stringify(value)).join(" or ")}, not ${describe(issue.input)}`;
    case "too_small":
      return issue.origin === "array" ? "needs at least one entry" : `must be ${issue.minimum} or more`;
    case "too_big":
      return `must be ${issue.maximum} or less`;
    case "invalid_key":
      return issue.issues[0]?.message ?? "has an impossible key";
    default:
      return "is not understood";
  }
}

const inWords: Readonly<Record<string, string>> = {
  string: "text in quotes",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a table",
  record: "a table",
};

export function describe(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "number") return String(value);
  return typeof value === "object" ? "a table" : String(JSON.stringify(value));
}

/** The keys that the table at `path` may have. */
export type KnownKeys = (path: Mistake["path"]) => readonly string[];

/** zod's issues as mistakes, one for each unknown key. */
export function mistakesOf(issues: readonly z.core.$ZodIssue[], knownAt: KnownKeys): Mistake[] {
  return issues.flatMap((issue): Mistake[] => {
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => unknownKey([...issue.path, key], knownAt(issue.path)));
    }
    const hint: unknown = issue.code === "custom" ? issue.params?.hint : undefined;
    return [
      { path: issue.path, complaint: issue.message, hint: typeof hint === "string" ? hint : undefined },
    ];
  });
}

function unknownKey(path: PropertyKey[], known: readonly string[]): Mistake {
  const likely = nearest(String(path.at(-1)), known);
  const hint = likely === undefined ? `Known here: ${known.join(", ")}.` : `Did you mean ${likely}?`;
  return { path, complaint: "is not a key that waifuctl knows", hint };
}

export function dotted(path: readonly PropertyKey[]): string {
  return path.filter((part) => typeof part === "string").join(".");
}

/** What is said of a file that has more than one mistake: `kind` is `the cluster file`. */
export type FileKind = { readonly kind: string; readonly hint: string };

/** All mistakes in one error, a line each, in the file's order. */
export function fileError(
  file: string,
  mistakes: readonly Mistake[],
  lineOf: LineOf,
  kind: FileKind,
): WaifuError {
  return mistakesError(locate(file, mistakes, lineOf), kind);
}

type LineOf = (path: Mistake["path"]) => number;

/** A mistake as it is told: `file:line: what`. */
export type LocatedMistake = { readonly text: string; readonly hint?: string };

/** In the file's order. */
export function locate(file: string, mistakes: readonly Mistake[], lineOf: LineOf): LocatedMistake[] {
  return mistakes
    .map(({ path, complaint, hint }) => ({ line: lineOf(path), text: `${dotted(path)} ${complaint}`, hint }))
    .sort((one, other) => one.line - other.line)
    .map(({ line, text, hint }) => ({ text: `${file}:${line}: ${text}`, hint }));
}

/** One error for the mistakes of one file, or of several. */
export function mistakesError(found: readonly LocatedMistake[], { kind, hint }: FileKind): WaifuError {
  const [first] = found;
  if (first !== undefined && found.length === 1)
    return new WaifuError("config", first.text, { hint: first.hint });
  const lines = found.map(({ text, hint }) => (hint ? `${text}. ${hint}` : text));
  return new WaifuError("config", `${found.length} mistakes in ${kind}:\n${lines.join("\n")}`, { hint });
}
