/** Paints text for one output; leaves it alone where that output shows no colour. */
export function ansi(output: { readonly hasColor: boolean }) {
  const paint = (open: number, close: number) => (text: string) =>
    output.hasColor ? `\x1b[${open}m${text}\x1b[${close}m` : text;
  return {
    bold: paint(1, 22),
    dim: paint(2, 22),
    red: paint(31, 39),
    green: paint(32, 39),
    yellow: paint(33, 39),
  };
}

/** The https://no-color.org and FORCE_COLOR conventions; without a wish, colour is for terminals. */
export function wantsColor(env: Readonly<Record<string, string | undefined>>, isTTY: () => boolean): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== "0";
  return env.TERM !== "dumb" && isTTY();
}
