import { instanceIdOf, type SeedRecord } from "../seed-record.ts";
import { type Answer, deny, notFound, serve } from "./answer.ts";
import { longestTtlSeconds, type SessionTokens } from "./session-tokens.ts";

type Tree = { readonly [name: string]: Tree | string | Uint8Array };

export type Ec2Caller = { readonly seed: SeedRecord; readonly mac: string; readonly address: string };

const tokenHeader = "x-aws-ec2-metadata-token";
const ttlHeader = `${tokenHeader}-ttl-seconds`;

/** `/latest/…`, and the dated versions, of which all are alike here. */
const versioned = /^\/(?:latest|\d{4}-\d\d-\d\d)(\/.*)?$/;

export function isEc2Path(path: string): boolean {
  return path === "/" || versioned.test(path);
}

/**
 * The instance metadata service, version 2, as far as tools inside a guest ask for it.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-categories.html
 */
export function answerEc2(path: string, request: Request, caller: Ec2Caller, tokens: SessionTokens): Answer {
  // A proxy asks for somebody else.
  if (request.headers.has("x-forwarded-for")) return deny("forwarded", 403, "Forbidden\n");
  if (request.method === "PUT")
    return path === "/latest/api/token" ? issue(request, caller, tokens) : notFound();
  if (request.method !== "GET" && request.method !== "HEAD") return notFound();
  if (!tokens.isGood(request.headers.get(tokenHeader) ?? "", caller.mac)) {
    return deny("unauthorized", 401, "Unauthorized\n");
  }
  if (path === "/") return serve("latest");
  return look(treeOf(caller), versioned.exec(path)?.[1] ?? "/");
}

function issue(request: Request, { mac }: Ec2Caller, tokens: SessionTokens): Answer {
  const text = request.headers.get(ttlHeader) ?? "";
  const ttl = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (ttl < 1 || ttl > longestTtlSeconds) return deny("bad-request", 400, "Bad Request\n");
  const answer = serve(tokens.issue(mac, ttl));
  answer.response.headers.set(ttlHeader, String(ttl));
  return answer;
}

/** A folder lists what is in it, with or without a slash at its end. */
function look(tree: Tree, path: string): Answer {
  let place: Tree[string] | undefined = tree;
  for (const name of path.split("/").filter(Boolean)) {
    place = isFolder(place) && Object.hasOwn(place, name) ? place[name] : undefined;
  }
  if (isFolder(place)) return serve(Object.entries(place).map(listing).join("\n"));
  return place === undefined || path.endsWith("/") ? notFound() : serve(place);
}

/** Keys are listed as `0=NAME`, and asked for as `0`. */
function listing([name, place]: [string, Tree[string]]): string {
  if (!isFolder(place)) return name;
  return /^\d+$/.test(name) ? `${name}=key-${name}` : `${name}/`;
}

function treeOf({ seed, mac, address }: Ec2Caller): Tree {
  const instanceId = instanceIdOf(seed);
  const keys = seed.publicKeys.map((key, index) => [String(index), { "openssh-key": key }]);
  const place = { "availability-zone": "waifu", region: "waifu" };
  const userData = seed.files["user-data"];
  const identity = { instanceId, privateIp: address, availabilityZone: "waifu", region: "waifu" };
  return {
    "meta-data": {
      hostname: seed.name,
      "instance-id": instanceId,
      "local-hostname": seed.name,
      "local-ipv4": address,
      mac,
      placement: place,
      ...(keys.length === 0 ? {} : { "public-keys": Object.fromEntries(keys) }),
    },
    dynamic: { "instance-identity": { document: JSON.stringify(identity) } },
    // None is a 404 in EC2, too.
    ...(userData === undefined || userData.length === 0 ? {} : { "user-data": userData }),
  };
}

function isFolder(place: Tree[string] | undefined): place is Tree {
  return typeof place === "object" && !(place instanceof Uint8Array);
}
