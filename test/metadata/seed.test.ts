import { expect, test } from "bun:test";
import { parse } from "yaml";
import { renderSeed, type SeedRequest, seedFiles } from "../../src/metadata/seed.ts";
import { seedDisk } from "../../src/metadata/seed-disk.ts";
import { checkUserData } from "../../src/metadata/user-data.ts";

const request: SeedRequest = {
  uuid: "0b6f2a4e-54a1-4d37-93f1-6d6fd1f7f2a5",
  generation: 3,
  hostname: "cosy-otter",
  sshKeys: ["ssh-ed25519 AAAA mai@home", "ssh-rsa BBBB: # 'odd' comment"],
  hostKey: { private: "-----BEGIN-----\nline\n-----END-----\n", public: "ssh-ed25519 CCCC cosy-otter" },
};

/** The seed's files as text, by name. */
function render(change: Partial<SeedRequest> = {}): Record<string, string> {
  const files = seedFiles(renderSeed({ ...request, ...change }));
  return Object.fromEntries(files.map(({ name, bytes }) => [name, new TextDecoder().decode(bytes)]));
}

test("without user-data the guest gets the waifu user and our host key", () => {
  expect(render()).toMatchInlineSnapshot(`
    {
      "meta-data": 
    "instance-id: 0b6f2a4e-54a1-4d37-93f1-6d6fd1f7f2a5-g3
    local-hostname: cosy-otter
    "
    ,
      "user-data": 
    "#cloud-config
    users:
      - name: waifu
        shell: /bin/bash
        sudo: ALL=(ALL) NOPASSWD:ALL
        lock_passwd: true
        ssh_authorized_keys:
          - ssh-ed25519 AAAA mai@home
          - "ssh-rsa BBBB: # 'odd' comment"
    "
    ,
      "vendor-data": 
    "#cloud-config
    ssh_deletekeys: true
    ssh_keys:
      ed25519_private: |
        -----BEGIN-----
        line
        -----END-----
      ed25519_public: ssh-ed25519 CCCC cosy-otter
    "
    ,
    }
  `);
});

test("the operator's user-data is used as it is, and the vendor-data lets its operator in", () => {
  const userData = "#!/bin/sh\r\necho 'näh'\n";
  const files = render({ userData });
  expect(files["user-data"]).toBe(userData);
  expect(Object.keys(parse(files["vendor-data"] ?? ""))).toEqual(["users", "ssh_deletekeys", "ssh_keys"]);
});

test("without a host key the vendor-data is empty, and a network-config is passed on", () => {
  const files = render({ hostKey: undefined, networkConfig: "version: 2\n" });
  expect(files["vendor-data"]).toBe("#cloud-config\n{}\n");
  expect(files["network-config"]).toBe("version: 2\n");
});

test.each(["on", "no", "123", "0x10", "1e3", "null", "0b1", "010"])(
  "the host name %s stays text",
  (hostname) => {
    const metaData = parse(render({ hostname })["meta-data"] ?? "", { version: "1.1" });
    expect(metaData).toEqual({ "instance-id": `${request.uuid}-g3`, "local-hostname": hostname });
  },
);

test("our own user-data passes our own check", () => {
  expect(checkUserData(render()["user-data"] ?? "", "user-data")).toEqual({
    hostKey: "ours",
    loginUser: "waifu",
  });
});

test("a seed fits the smallest disk", () => {
  expect(seedDisk(renderSeed(request)).length).toBe(64 * 1024);
});
