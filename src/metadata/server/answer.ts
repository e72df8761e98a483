import type { Outcome } from "./metrics.ts";

/** What a request comes to, and how it is counted. */
export type Answer = {
  readonly outcome: Outcome;
  readonly response: Response;
  /** What may be served again without asking again. */
  readonly file?: Blob;
};

/** Made once a file: bytes would be copied for each answer, and a file may have megabytes. */
const blobs = new WeakMap<Uint8Array, Blob>();

function blobOf(bytes: Uint8Array): Blob {
  const blob = blobs.get(bytes) ?? new Blob([new Uint8Array(bytes)], { type: "application/octet-stream" });
  blobs.set(bytes, blob);
  return blob;
}

/** No header but what the server adds, unless it matters: they are a sixth of the work. */
export function serve(body: string | Uint8Array, headers?: Headers): Answer {
  const content = typeof body === "string" ? body : blobOf(body);
  return { outcome: "served", response: new Response(content, { headers }) };
}

/** For what is good for the same path and address as long as the seed is the same. */
export function serveAgain(bytes: Uint8Array): Answer {
  const file = blobOf(bytes);
  return { outcome: "served", response: new Response(file), file };
}

/** The one answer for whatever is not there and for whoever may not know. */
export const notFound = (outcome: "not-found" | "refused" = "not-found") => deny(outcome, 404, "Not Found\n");

export function deny(
  outcome: Exclude<Outcome, "served">,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return { outcome, response: new Response(text, { status, headers }) };
}
