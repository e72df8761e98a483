import { expect, test } from "bun:test";
import { answerEc2 } from "../../../src/metadata/server/ec2-tree.ts";
import { SessionTokens } from "../../../src/metadata/server/session-tokens.ts";
import { macOf, seedOf } from "./samples.ts";

let nowMs = 0;
const tokens = new SessionTokens(() => nowMs);
const caller = { seed: seedOf(1), mac: macOf(1), address: "10.0.0.1" };

const ask = (path: string, headers: Record<string, string>, method = "GET", of = caller) =>
  answerEc2(path, new Request(`http://169.254.169.254${path}`, { method, headers }), of, tokens).response;

const issue = (ttl: string, of = caller) =>
  ask("/latest/api/token", { "X-aws-ec2-metadata-token-ttl-seconds": ttl }, "PUT", of);

async function read(path: string, of = caller): Promise<string | number> {
  const token = await issue("60", of).text();
  const response = ask(path, { "X-aws-ec2-metadata-token": token }, "GET", of);
  return response.ok ? await response.text() : response.status;
}

test.each([
  ["/", "latest"],
  ["/latest", "meta-data/\ndynamic/\nuser-data"],
  ["/latest/meta-data/", "hostname\ninstance-id\nlocal-hostname\nlocal-ipv4\nmac\nplacement/\npublic-keys/"],
  ["/2009-04-04/meta-data/instance-id", "00000000-0000-4000-8000-000000000001-g1"],
  ["/latest/meta-data/local-hostname", "guest-1"],
  ["/latest/meta-data/local-ipv4", "10.0.0.1"],
  ["/latest/meta-data/mac", macOf(1)],
  ["/latest/meta-data/public-keys/", "0=key-0"],
  ["/latest/meta-data/public-keys/0/", "openssh-key"],
  ["/latest/meta-data/public-keys/0/openssh-key", "ssh-ed25519 AAAA mai@home"],
  ["/latest/user-data", "#user 1\n"],
  ["/latest/meta-data/mac/", 404],
  ["/latest/meta-data/mac/x", 404],
  ["/latest/meta-data/constructor", 404],
  ["/latest/meta-data/public-keys/1/openssh-key", 404],
])("%s", async (path, expected) => {
  expect(await read(path)).toBe(expected);
});

test("the identity document is JSON", async () => {
  expect(JSON.parse(String(await read("/latest/dynamic/instance-identity/document")))).toMatchObject({
    instanceId: "00000000-0000-4000-8000-000000000001-g1",
    privateIp: "10.0.0.1",
  });
});

test("a guest without keys and user-data has neither", async () => {
  const bare = { ...caller, seed: seedOf(1, { publicKeys: [], files: { "user-data": new Uint8Array() } }) };
  expect(await read("/latest/", bare)).toBe("meta-data/\ndynamic/");
  expect(await read("/latest/user-data", bare)).toBe(404);
  expect(await read("/latest/meta-data/public-keys/", bare)).toBe(404);
});

test.each(["", "0", "21601", "-1", "1e3", "60s", "999999999"])("a token for %p seconds is refused", (ttl) => {
  expect(issue(ttl).status).toBe(400);
});

test("a token is good for its guest and its time only", async () => {
  const issued = issue("10");
  expect(issued.headers.get("x-aws-ec2-metadata-token-ttl-seconds")).toBe("10");
  const token = await issued.text();
  const status = (given: string, of = caller) =>
    ask("/latest/meta-data/mac", { "X-aws-ec2-metadata-token": given }, "GET", of).status;
  expect(status(token)).toBe(200);
  expect(status(token, { ...caller, mac: macOf(2) })).toBe(401);
  expect(status(`zzzzzz${token.slice(token.indexOf("."))}`)).toBe(401);
  expect(status(token.slice(0, -1))).toBe(401);
  expect(status("")).toBe(401);
  expect(ask("/latest/meta-data/mac", {}).status).toBe(401);
  nowMs += 10_000;
  expect(status(token)).toBe(401);
});
