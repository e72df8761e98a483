import type { InstanceSpec } from "../src/instance-spec.ts";

/** An instance for tests; spread it to change a part. */
export const spec: InstanceSpec = {
  uuid: "6f1d2c3b-0a1b-4c2d-8e3f-5a6b7c8d9e0f",
  name: "cosy-otter",
  generation: 1,
  template: { name: "tiny", digest: "a".repeat(64) },
  cpus: 2,
  memoryBytes: 1024 ** 3,
  diskBytes: 10 * 1024 ** 3,
  mac: "52:54:00:8d:9e:0f",
  address: "192.168.122.2",
  labels: { role: 'web "front" & <more>' },
  user: "waifu",
  hostKey: "ssh-ed25519 AAAA",
  createdAt: "2026-01-02T03:04:05.000Z",
};
