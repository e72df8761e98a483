import type { SeedRecord } from "../seed-record.ts";
import { type Answer, deny, notFound } from "./answer.ts";
import type { BootRecords } from "./boot-records.ts";
import type { Callers } from "./callers.ts";
import { answerEc2, isEc2Path } from "./ec2-tree.ts";
import type { Metrics, RefusalReason } from "./metrics.ts";
import { answerGuest } from "./nocloud.ts";
import type { RateLimit } from "./rate-limit.ts";
import { RecentFiles } from "./recent-files.ts";
import type { Secrets } from "./secrets.ts";
import type { SeedBook } from "./seed-book.ts";
import type { Log } from "./service-log.ts";
import type { SessionTokens } from "./session-tokens.ts";

export type HandlerParts = {
  readonly book: SeedBook;
  readonly callers: Callers;
  readonly tokens: SessionTokens;
  readonly rate: RateLimit;
  readonly boots: BootRecords;
  readonly secrets: Secrets;
  readonly metrics: Metrics;
  readonly log: Log;
  /** Milliseconds of a clock that only goes forward. */
  readonly now?: () => number;
};

export type Handler = (request: Request, address: string) => Response | Promise<Response>;

const methods = new Set(["GET", "HEAD", "POST", "PUT"]);
const secretPath = /^secrets\/(.*)$/;
const tokenPath = /^\/([A-Za-z0-9_-]{43})\/(.+)$/;

/** Everything that guests ask. Nothing is awaited on the way to a seed's files. */
export function createHandler(parts: HandlerParts): Handler {
  const { rate, metrics, now = () => performance.now() } = parts;
  const recent = new RecentFiles(parts.book);
  return (request, address) => {
    const startedMs = now();
    const count = ({ outcome, response }: Answer) => {
      metrics.request(outcome, (now() - startedMs) / 1000);
      return response;
    };
    if (!rate.take(address, startedMs)) {
      return count(deny("limited", 429, "Too Many Requests\n", { "retry-after": "1" }));
    }
    const { method, url } = request;
    const file = method === "GET" ? recent.find(url, address, startedMs) : undefined;
    if (file !== undefined) return count({ outcome: "served", response: new Response(file) });
    const answer = route(request, address, parts);
    if (answer instanceof Promise) return answer.then(count);
    if (answer.file !== undefined && method === "GET") recent.add(url, address, startedMs, answer.file);
    return count(answer);
  };
}

function route(request: Request, address: string, parts: HandlerParts): Answer | Promise<Answer> {
  if (!methods.has(request.method)) return deny("bad-request", 405, "Method Not Allowed\n");
  const path = pathOf(request.url);
  const [, token, rest = ""] = tokenPath.exec(path) ?? [];
  // Nobody is asked for a token where the path tells how to get one.
  const isEc2 = token === undefined && isEc2Path(path);
  const caller = identify(address, isEc2 ? undefined : (token ?? ""), parts);
  if (!("seed" in caller)) return caller;
  if (token === undefined) return answerEc2(path, request, { ...caller, address }, parts.tokens);
  const [, secret] = secretPath.exec(rest) ?? [];
  if (secret !== undefined)
    return parts.secrets.answer(secret, request, { seed: caller.seed, token, address });
  return answerGuest(caller.seed, rest, request, parts.boots);
}

/**
 * As it was sent, but for further slashes at its front: Amazon's own client sends `//latest/…`. Without a Host header there is nothing
 * before it.
 */
function pathOf(url: string): string {
  const path = url.startsWith("/") ? url : url.slice(url.indexOf("/", url.indexOf("//") + 2));
  return path.replace(/[?#].*$/s, "").replace(/^\/\/+/, "/");
}

type Identity = { readonly mac: string; readonly seed: SeedRecord };

/** Whose network card asks, and with the right token unless none is asked for; or the refusal. */
function identify(address: string, token: string | undefined, parts: HandlerParts): Identity | Answer {
  const identity = look(address, token, parts);
  if (identity !== undefined) return identity;
  // A guest may have come since the table was read.
  parts.callers.refresh();
  return look(address, token, parts) ?? refuse(address, parts);
}

function look(
  address: string,
  token: string | undefined,
  { book, callers }: HandlerParts,
): Identity | undefined {
  const mac = callers.macOf(address);
  if (mac === undefined) return undefined;
  const seed = token === undefined ? book.findByMac(mac) : book.find(mac, token);
  return seed === undefined ? undefined : { mac, seed };
}

function refuse(address: string, { book, callers, metrics, log }: HandlerParts): Answer {
  const mac = callers.macOf(address);
  const isGuest = mac !== undefined && book.findByMac(mac) !== undefined;
  const reason: RefusalReason = mac === undefined ? "no-neighbour" : isGuest ? "wrong-token" : "no-seed";
  metrics.refusal(reason);
  log.refusal(`refused ${address} (${mac ?? "no known neighbour"}): ${reason}`);
  // A 404 would make cloud-init start a new identity; all who are unknown get the same, whoever they are.
  if (!book.isComplete) return deny("not-known-yet", 503, "Not known yet\n", { "retry-after": "2" });
  return notFound("refused");
}
