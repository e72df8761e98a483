import { createTwoFilesPatch, FILE_HEADERS_ONLY } from "diff";

/** What an edit changes, as `diff -u` tells it; empty when that is nothing. */
export function diffUserData(
  before: { readonly text: string; readonly title: string },
  after: { readonly text: string; readonly title: string },
): string {
  if (before.text === after.text) return "";
  return createTwoFilesPatch(before.title, after.title, before.text, after.text, undefined, undefined, {
    headerOptions: FILE_HEADERS_ONLY,
  });
}
