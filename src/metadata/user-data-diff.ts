import { createTwoFilesPatch, FILE_HEADERS_ONLY, formatPatch } from "diff";

type Titled = { readonly text: string; readonly title: string };

/** Lines. The search for the shortest difference takes time by their square: a second for as many as this. */
const mostEdits = 2000;

/** What an edit changes, as `diff -u` tells it; empty when that is nothing. */
export function diffUserData(before: Titled, after: Titled): string {
  if (before.text === after.text) return "";
  const options = { maxEditLength: mostEdits, headerOptions: FILE_HEADERS_ONLY };
  const { title, text } = before;
  return (
    createTwoFilesPatch(title, after.title, text, after.text, undefined, undefined, options) ??
    replaceAll(before, after)
  );
}

/** Texts that have little in common: the one as a whole goes, the other comes. */
function replaceAll(before: Titled, after: Titled): string {
  const [old, young] = [linesOf("-", before.text), linesOf("+", after.text)];
  const hunk = {
    oldStart: 1,
    oldLines: old.length,
    newStart: 1,
    newLines: young.length,
    lines: [...old, ...young],
  };
  const names = { oldFileName: before.title, newFileName: after.title };
  return formatPatch(
    { ...names, oldHeader: undefined, newHeader: undefined, hunks: [hunk] },
    FILE_HEADERS_ONLY,
  );
}

function linesOf(sign: "-" | "+", text: string): string[] {
  const lines = text.split("\n");
  const last = lines.pop();
  const ended = lines.map((line) => sign + line);
  return last === "" ? ended : [...ended, `${sign}${last}\n\\ No newline at end of file`];
}
