import { WaifuError } from "../errors.ts";

/** Where a redirect leads. Throws `refused` for anywhere but the web, and for a way out of TLS. */
export function followRedirect(from: string, to: string): string {
  const next = URL.canParse(to, from) ? new URL(to, from) : undefined;
  const isWeb = next?.protocol === "https:" || next?.protocol === "http:";
  const losesTls = from.startsWith("https:") && next?.protocol === "http:";
  if (next !== undefined && isWeb && !losesTls) return next.href;
  const why = losesTls ? "which is not encrypted" : "which is no web address";
  throw new WaifuError("refused", `${from} is redirected to ${to}, ${why}`, {
    hint: "Give the URL where the file itself is.",
  });
}
