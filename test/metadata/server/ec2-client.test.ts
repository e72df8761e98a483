import { afterAll, beforeAll, expect, test } from "bun:test";
import { MetadataService } from "@aws-sdk/ec2-metadata-service";
import { seedOf } from "./samples.ts";
import { Served } from "./served.ts";

let served: Served;

beforeAll(async () => {
  served = await Served.withGuest();
});

afterAll(() => served.close());

test("Amazon's own client reads the tree with a token of its own", async () => {
  const client = new MetadataService({ endpoint: served.service.url.origin, ec2MetadataV1Disabled: true });
  const read = (path: string) => client.request(path, {});
  expect(await read("/latest/meta-data/")).toContain("instance-id\n");
  expect(await read("/latest/meta-data/instance-id")).toBe(`${seedOf(1).uuid}-g1`);
  expect(await read("/latest/meta-data/local-ipv4")).toBe("127.0.0.1");
  expect(await read("/latest/meta-data/public-keys/0/openssh-key")).toBe("ssh-ed25519 AAAA mai@home");
  expect(await read("/latest/user-data")).toBe("#user 1\n");
  await expect(read("/latest/meta-data/ramdisk-id")).rejects.toThrow("404");
});
