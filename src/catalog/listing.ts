import { WaifuError } from "../errors.ts";
import { compareNatural } from "./natural-order.ts";

/**
 * Of a folder's HTML listing the link whose name matches the whole `pattern`, the newest by natural order; a folder's name ends
 * in a slash. Throws `refused` when none does, or when a match leads to another host.
 */
export function newestLink(html: string, page: URL, pattern: string): URL {
  const wanted = new RegExp(`^(?:${pattern})$`);
  const newest = references(html)
    .map((reference) => ({ reference, name: nameOf(reference) }))
    .filter(({ name }) => wanted.test(name))
    .map(({ reference, name }) => ({ url: sameOrigin(reference, page), name }))
    .sort((one, other) => compareNatural(one.name, other.name))
    .at(-1);
  if (newest !== undefined) return newest.url;
  throw new WaifuError("refused", `the listing ${page.href} has no link like ${pattern}`, {
    hint: "The publisher may have moved its images: a catalog of your own can say where.",
  });
}

/**
 * A reference in a page that was fetched, as a URL. It must stay where the page is: a digest is only as good as the host and the
 * TLS that it came over. Throws `refused`.
 */
export function sameOrigin(reference: string, page: URL): URL {
  const url = URL.canParse(reference, page.href) ? new URL(reference, page) : undefined;
  if (url?.origin === page.origin) return url;
  throw new WaifuError("refused", `${page.href} leads to another host: ${reference}`, {
    hint: "If that is right, name the host in a catalog of your own (start, base).",
  });
}

function references(html: string): string[] {
  const links = html.matchAll(/<a\s[^>]*?href\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))/gi);
  return [...links].map(([, double, single, bare]) =>
    (double ?? single ?? bare ?? "").replaceAll("&amp;", "&"),
  );
}

/** The last part of a link's path, with the slash that marks a folder. */
function nameOf(reference: string): string {
  return /[^/]*\/?$/.exec(reference)?.[0] ?? "";
}
