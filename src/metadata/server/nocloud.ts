import { type SeedFileName, type SeedRecord, seedFileNames } from "../seed-record.ts";
import { type Answer, deny, notFound, serve, serveAgain } from "./answer.ts";
import type { BootRecords } from "./boot-records.ts";

/** What a guest's own token opens: `/TOKEN/rest`. */
type Route = (seed: SeedRecord, request: Request, boots: BootRecords) => Answer | Promise<Answer>;

const nothing = new Uint8Array();
const maximumKeys = 16;
const publicKey = /^(ssh-[a-z0-9-]+|ecdsa-sha2-[a-z0-9-]+|sk-[a-z0-9@.-]+) [A-Za-z0-9+/=]+/;

const routes: ReadonlyMap<string, Route> = new Map<string, Route>([
  ...seedFileNames.map((name): [string, Route] => [
    name,
    (seed, request, boots) => (isRead(request) ? serveFile(seed, name, boots) : notFound()),
  ]),
  [
    "phone-home",
    (seed, request, boots) => (request.method === "POST" ? phoneHome(seed, request, boots) : notFound()),
  ],
]);

export function answerGuest(
  seed: SeedRecord,
  rest: string,
  request: Request,
  boots: BootRecords,
): Answer | Promise<Answer> {
  return routes.get(rest)?.(seed, request, boots) ?? notFound();
}

/** What is absent is empty: cloud-init spends ten seconds on each 404. */
function serveFile(seed: SeedRecord, name: SeedFileName, boots: BootRecords): Answer {
  if (name === "meta-data") boots.metaDataRead(seed);
  return serveAgain(seed.files[name] ?? nothing);
}

/** cloud-init's phone_home: a form with `pub_key_ed25519` and the like. It tries again when told so. */
async function phoneHome(seed: SeedRecord, request: Request, boots: BootRecords): Promise<Answer> {
  const form = new URLSearchParams(await request.text());
  const hostKeys = [...form]
    .filter(([field]) => field.startsWith("pub_key_"))
    .flatMap(([, value]) => publicKey.exec(value)?.[0] ?? [])
    .slice(0, maximumKeys);
  try {
    await boots.phonedHome(seed, hostKeys);
  } catch {
    return deny("failed", 503, "Try again\n", { "retry-after": "2" });
  }
  return serve("");
}

function isRead({ method }: Request): boolean {
  return method === "GET" || method === "HEAD";
}
