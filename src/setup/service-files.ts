import nft from "../../templates/waifu.nft" with { type: "text" };
import mdUnit from "../../templates/waifu-md.service" with { type: "text" };
import metadataUnit from "../../templates/waifu-metadata.service" with { type: "text" };
import networkXml from "../../templates/waifu-network.xml" with { type: "text" };
import nftablesConf from "../../templates/waifu-nftables.conf" with { type: "text" };
import nixosModule from "../../templates/waifu-nixos.nix" with { type: "text" };
import redisConf from "../../templates/waifu-redis.conf" with { type: "text" };
import redisUnit from "../../templates/waifu-redis.service" with { type: "text" };
import { WaifuError } from "../errors.ts";
import { escapeXml } from "../libvirt/metadata.ts";
import {
  binaryPath,
  metadataAddress,
  metadataPort,
  redisSocket,
  serviceUser,
} from "../metadata/service-paths.ts";

/** Our units on a node, in the order in which they start. */
export const serviceUnits = ["waifu-md.service", "waifu-redis.service", "waifu-metadata.service"] as const;
export type ServiceUnit = (typeof serviceUnits)[number];

/** A file on the node that is ours as a whole. */
export type ServiceFile = {
  readonly path: string;
  readonly content: string;
  /** What reads it, when it starts. */
  readonly unit: ServiceUnit;
};

const texts = {
  "/etc/waifu/redis.conf": { text: redisConf, unit: "waifu-redis.service" },
  "/etc/waifu/waifu.nft": { text: nft, unit: "waifu-md.service" },
  "/etc/systemd/system/nftables.service.d/waifu.conf": { text: nftablesConf, unit: "waifu-md.service" },
  "/etc/systemd/system/waifu-md.service": { text: mdUnit, unit: "waifu-md.service" },
  "/etc/systemd/system/waifu-redis.service": { text: redisUnit, unit: "waifu-redis.service" },
  "/etc/systemd/system/waifu-metadata.service": { text: metadataUnit, unit: "waifu-metadata.service" },
} as const;

export const serviceFilePaths: readonly string[] = Object.keys(texts);

/** Guests of this bridge, and of no other interface, may ask. */
export function serviceFiles(bridge: string): ServiceFile[] {
  return Object.entries(texts).map(([path, { text, unit }]) => ({
    path,
    unit,
    content: fill(text, { ...values, bridge }),
  }));
}

/** The network that libvirt's own packages bring, for a node without one. */
export function renderNetwork(name: string): string {
  return fill(String(networkXml), { name: escapeXml(name) });
}

/** The same files as a NixOS module, but for what hangs on another unit: a firewall there is described in the same place. */
export function renderNixosModule(bridge: string): string {
  const own = serviceFiles(bridge).filter(({ path }) => !path.includes(".service.d/"));
  const files = own.map(({ path, content }) => {
    const [name = "", text] = [path.split("/").at(-1), toNix(content)];
    const option = path.startsWith("/etc/waifu/")
      ? `environment.etc."waifu/${name}"`
      : `systemd.units."${name}"`;
    const wanted = option.startsWith("systemd") ? ' wantedBy = [ "multi-user.target" ];' : "";
    return `\n  ${option} = {${wanted} text = ''\n${text}  '';\n  };\n`;
  });
  return fill(nixosModule, { ...values, bridge, files: files.join("") });
}

const values = {
  address: metadataAddress,
  port: String(metadataPort),
  socket: redisSocket,
  user: serviceUser,
  binary: binaryPath,
};

/** Programs of the store in place of those in /usr. */
function toNix(text: string): string {
  return text
    .replaceAll("/usr/bin/redis-server", "${pkgs.redis}/bin/redis-server")
    .replaceAll("/usr/bin/systemd-notify", "${pkgs.systemd}/bin/systemd-notify")
    .replaceAll("/bin/sh -c", "${pkgs.bash}/bin/sh -c")
    .replaceAll("ExecStart=nft", "ExecStart=${pkgs.nftables}/bin/nft")
    .replaceAll(/(?<=ExecStart=|'|\|\| )ip (?=link|address)/g, "${pkgs.iproute2}/bin/ip ")
    .replaceAll("-/usr/lib ", "-/nix/store ");
}

function fill(text: string, by: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const value = by[name];
    if (value === undefined) throw new WaifuError("bug", `a template asks for ${name}`);
    return value;
  });
}
