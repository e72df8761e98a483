// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for.
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the same, but lines may stay lines.
const CONTROL_IN_LINES = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

const escaped = (character: string) =>
  character === "\n" ? "\\n" : `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;

/** One line that can't move the cursor or recolour the screen, whatever a node or a person put into it. */
export function printableLine(text: string): string {
  return text.replace(CONTROL, escaped);
}

/** The same for text of many lines, such as an error message that quotes a remote program. */
export function printableText(text: string): string {
  return text.replace(CONTROL_IN_LINES, escaped);
}
