import { expect, test } from "bun:test";
import { parse } from "yaml";
import { defaultUserData } from "../../src/metadata/cloud-config.ts";
import { renderSeed, seedFiles } from "../../src/metadata/seed.ts";
import { seedDisk } from "../../src/metadata/seed-disk.ts";
import type { SeedRequest } from "../../src/metadata/seed-request.ts";
import { checkUserData } from "../../src/metadata/user-data.ts";

const sshKeys = ["ssh-ed25519 AAAA mai@home", "ssh-rsa BBBB: # 'odd' comment"];
const request: SeedRequest = {
  uuid: "0b6f2a4e-54a1-4d37-93f1-6d6fd1f7f2a5",
  generation: 3,
  hostname: "cosy-otter",
  sshKeys,
  userData: defaultUserData(sshKeys),
  hostKey: { private: "-----BEGIN-----\nline\n-----END-----\n", public: "ssh-ed25519 CCCC cosy-otter" },
};

/** The seed's files as text, by name. */
function render(change: Partial<SeedRequest> = {}): Record<string, string> {
  const files = seedFiles(renderSeed({ ...request, ...change }));
  return Object.fromEntries(files.map(({ name, bytes }) => [name, new TextDecoder().decode(bytes)]));
}

/** The part of the vendor-data that is a cloud-config. */
function cloudConfigOf(vendorData = ""): Record<string, unknown> {
  return parse(/#cloud-config\n[\s\S]*?(?=\n--=-waifuctl-=)/.exec(vendorData)?.[0] ?? "");
}

test("the guest gets its operator's account and our host key, and runs our script beside the user's", () => {
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
    "MIME-Version: 1.0
    Content-Type: multipart/mixed; boundary="=-waifuctl-="

    --=-waifuctl-=
    Content-Type: text/cloud-config; charset="utf-8"
    Content-Transfer-Encoding: 8bit
    Content-Disposition: attachment; filename="waifu.yaml"

    #cloud-config
    users:
      - default
      - name: waifu
        shell: /bin/bash
        sudo: ALL=(ALL) NOPASSWD:ALL
        lock_passwd: true
        ssh_authorized_keys:
          - ssh-ed25519 AAAA mai@home
          - "ssh-rsa BBBB: # 'odd' comment"
    ssh_deletekeys: true
    ssh_keys:
      ed25519_private: |
        -----BEGIN-----
        line
        -----END-----
      ed25519_public: ssh-ed25519 CCCC cosy-otter

    --=-waifuctl-=
    Content-Type: text/x-shellscript; charset="utf-8"
    Content-Transfer-Encoding: 8bit
    Content-Disposition: attachment; filename="waifu"

    #!/bin/sh
    # cloud-init runs this once for each generation of the seed, whatever the user-data's own runcmd says.
    # The agent tells the node of the guest's addresses and lets it shut down well; images that bring it don't always start it.
    if systemctl cat qemu-guest-agent.service >/dev/null 2>&1; then
      systemctl start --no-block qemu-guest-agent.service
    fi
    echo "waifuctl: cosy-otter has generation 3 of its seed" | tee /dev/console

    --=-waifuctl-=--
    "
    ,
    }
  `);
});

test("the operator's user-data is used as it is", () => {
  const userData = "#!/bin/sh\r\necho 'näh'\n";
  expect(render({ userData })["user-data"]).toBe(userData);
});

test("a guest that is served over HTTP tells there when it is ready", () => {
  expect(render()["vendor-data"]).not.toContain("phone_home");
  expect(cloudConfigOf(render({ token: "abc" })["vendor-data"])).toMatchObject({
    phone_home: { url: "http://169.254.169.254/abc/phone-home", post: "all" },
  });
});

test("without a host key the guest makes its own, and a network-config is passed on", () => {
  const files = render({ hostKey: undefined, networkConfig: "version: 2\n" });
  expect(Object.keys(cloudConfigOf(files["vendor-data"]))).toEqual(["users"]);
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
