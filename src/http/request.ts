import { WaifuError } from "../errors.ts";
import { followRedirect } from "./redirect.ts";
import { toWebError } from "./web-error.ts";

export type RequestOptions = {
  readonly method?: "GET" | "HEAD";
  readonly signal?: AbortSignal;
  /** A server that says nothing for so long is given up. */
  readonly silenceMs?: number;
};

export type Answer = {
  /** Where redirects led. */
  readonly url: string;
  readonly headers: Headers;
  /** What the headers promise; absent when they don't. */
  readonly totalBytes?: number;
  /** The bytes as they were published: nothing is unpacked. Throws when fewer come than were promised. */
  readonly chunks: AsyncIterable<Uint8Array>;
};

const MAX_REDIRECTS = 5;
const SILENCE_MS = 30_000;

/**
 * Asks a web server once, and lets `read` take in the answer.
 * Throws `usage` for what is no http(s):// URL, `not-found` for 404 and 410, `refused` for another status and for a redirect that leads nowhere or to an insecure place,
 * `unreachable` when the server can't be reached, breaks off or goes silent, `interrupted` on abort.
 */
export async function request<T>(
  url: string,
  options: RequestOptions,
  read: (answer: Answer) => Promise<T>,
): Promise<T> {
  const { method = "GET", signal, silenceMs = SILENCE_MS } = options;
  // fetch would read local files too.
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) {
    throw new WaifuError("usage", `${JSON.stringify(url)} is no URL`, { hint: "Give an http(s):// URL." });
  }
  const giveUp = new AbortController();
  const silence = setTimeout(() => giveUp.abort(silent(url, silenceMs)), silenceMs);
  const ends = signal === undefined ? giveUp.signal : AbortSignal.any([giveUp.signal, signal]);
  try {
    const { response, location } = await follow(url, method, ends);
    const length = Number(response.headers.get("content-length") ?? Number.NaN);
    return await read({
      url: location,
      headers: response.headers,
      totalBytes: Number.isSafeInteger(length) ? length : undefined,
      chunks: heard(response, () => silence.refresh()),
    });
  } catch (error) {
    if (signal?.aborted) throw new WaifuError("interrupted", "interrupted");
    throw toWebError(url, giveUp.signal.aborted ? giveUp.signal.reason : error);
  } finally {
    clearTimeout(silence);
    // Whoever read only the beginning wants no more of it.
    giveUp.abort();
  }
}

async function follow(
  url: string,
  method: string,
  signal: AbortSignal,
): Promise<{ response: Response; location: string }> {
  let location = url;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const response = await fetch(location, {
      method,
      signal,
      redirect: "manual",
      // A digest is of the bytes as they are published, and nodes ask for them without any encoding.
      decompress: false,
      headers: { "accept-encoding": "identity" },
    });
    const next = response.headers.get("location");
    if (response.status < 300 || response.status >= 400 || next === null) {
      checkStatus(location, response.status);
      return { response, location };
    }
    location = followRedirect(location, next);
  }
  throw new WaifuError("refused", `${url} is redirected more than ${MAX_REDIRECTS} times, to ${location}`, {
    hint: "Give the URL where the file itself is.",
  });
}

function checkStatus(url: string, status: number): void {
  if (status >= 200 && status < 300) return;
  if (status === 404 || status === 410) {
    throw new WaifuError("not-found", `there is nothing at ${url} (HTTP ${status})`, {
      hint: "Look whether the file was moved or is spelt otherwise.",
    });
  }
  const isTheirs = status >= 500 || status === 429;
  throw new WaifuError(isTheirs ? "unreachable" : "refused", `${url} can't be fetched: HTTP ${status}`, {
    hint: isTheirs ? "Try again later, or another mirror." : "Look at it in a browser.",
  });
}

async function* heard(response: Response, hear: () => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of response.body ?? []) {
    hear();
    yield chunk;
  }
}

function silent(url: string, silenceMs: number): WaifuError {
  return new WaifuError("unreachable", `${new URL(url).host} said nothing for ${silenceMs / 1000} s`, {
    hint: "Try again later, or another mirror.",
  });
}
