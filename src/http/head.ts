import { type Answer, type RequestOptions, request } from "./request.ts";

/** What a server says of a file without sending it. Hints only: never a proof that it is the same. */
export type FileHints = {
  readonly bytes?: number;
  readonly etag?: string;
  /** ISO 8601, UTC. */
  readonly lastModified?: string;
};

/** Throws as `request` does. */
export function head(url: string, options: Omit<RequestOptions, "method"> = {}): Promise<FileHints> {
  return request(url, { ...options, method: "HEAD" }, async (answer) => hintsOf(answer));
}

export function hintsOf({ headers, totalBytes }: Pick<Answer, "headers" | "totalBytes">): FileHints {
  const modified = new Date(headers.get("last-modified") ?? Number.NaN);
  return {
    bytes: totalBytes,
    etag: headers.get("etag") ?? undefined,
    lastModified: Number.isNaN(modified.getTime()) ? undefined : modified.toISOString(),
  };
}
