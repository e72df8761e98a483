import { Buffer } from "node:buffer";
import { z } from "zod";
import { WaifuError } from "../errors.ts";
import { parseSize } from "../size.ts";
import { ownerLabel } from "./description.ts";

// A file is read once a run: compiling the checks first takes longer than they do.
z.config({ jitless: true });

// Each complaint completes a sentence that begins with the key: "port must be …".

/** Text that a test accepts. */
function text(test: RegExp | ((value: string) => boolean), complaint: string, hint?: string) {
  const accepts = test instanceof RegExp ? (value: string) => test.test(value) : test;
  return z.string().refine(accepts, { error: complaint, params: { hint } });
}

export const bytes = z
  .string({ error: 'must be a size in quotes, like "2G"' })
  .transform((value, context) => {
    try {
      return parseSize(value);
    } catch (error) {
      if (!(error instanceof WaifuError)) throw error;
      context.addIssue({ code: "custom", message: error.message, params: { hint: error.hint } });
      return z.NEVER;
    }
  });

export const cpuCount = z.int().min(1).max(1024);
export const port = z.int().min(1).max(65535);
export const memoryRatio = z.number().min(0.1).max(10);
export const cpuRatio = z.number().min(0.1).max(100);

export const plainText = text(/^[^\p{Cc}]+$/u, "must be one line of text");

export const nodeName = text(
  /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
  "must be a DNS label",
  "Use lower-case letters, digits and inner hyphens, at most 63 of them.",
);

/** `{n}` stands for the number of each of several. */
export const instanceName = text(
  (value) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(value.replace("{n}", "1")),
  "must be a DNS label",
  "Use lower-case letters, digits and inner hyphens, at most 63 of them; {n} stands for the number where there is a count.",
);

/** Also the value of a label. */
export const setName = text(
  /^[A-Za-z0-9][\w.-]{0,62}$/,
  "must be one word",
  "Letters, digits, dots, dashes and underscores, such as homelab.",
);

const host = "[A-Za-z0-9_:.%[\\]][A-Za-z0-9_:.%[\\]-]*";
const account = "[A-Za-z_][A-Za-z0-9_.-]*";

export const address = text(
  new RegExp(`^${host}$`),
  "must be a host name, an IP address or a Host of ~/.ssh/config",
  "The user and the port have keys of their own.",
);
export const user = text(new RegExp(`^${account}$`), "must be a login name");
export const jumpHost = text(
  new RegExp(`^(${account}@)?${host}$`),
  "must be [user@]host[:port], or a Host of ~/.ssh/config",
);

export const hostKey = text(
  isPublicKey,
  "must be a key type and its base64, as in `ssh-ed25519 AAAA…`",
  "Copy the last two words of a line that `ssh-keyscan ADDRESS` prints.",
);

/** RFC 4253, 6.6: the encoded key begins with the name of its type, after four bytes of length. */
function isPublicKey(value: string): boolean {
  const [type = "", base64 = "", ...rest] = value.split(" ");
  const key = Buffer.from(base64, "base64");
  const isCanonical = key.toString("base64") === base64 && rest.length === 0;
  return (
    isCanonical && key.length > 4 + type.length && key.toString("latin1", 4, 4 + key.readUInt32BE(0)) === type
  );
}

/** zfsconcepts(7): a pool begins with a letter. Spaces are legal there and refused here. */
export const dataset = text(
  /^[A-Za-z][\w:.-]*(\/[A-Za-z0-9][\w:.-]*)*$/,
  "must be a pool or a dataset in it, like tank or tank/vms",
);

export const absolutePath = text(
  (value) => /^\/[^\p{Cc}]*$/u.test(value) && !value.split("/").includes(".."),
  "must be an absolute path on the node, without ..",
);

export const operatorPath = text(
  /^(?!~[^/])[^\p{Cc}]+$/u,
  "must be a path",
  "Write it absolute, relative to this file, or as ~/…",
);

export const networkName = text(/^[A-Za-z0-9_][\w.+-]*$/, "must be the name of a libvirt network");
/** The kernel's IFNAMSIZ leaves 15 bytes. */
export const bridgeName = text(/^(?!-)[\w.-]{1,15}$/, "must be the name of a bridge interface, like br0");
export const libvirtUri = text(/^[a-z][a-z0-9+]*:\/\/\S*$/, "must be a libvirt URI, like qemu:///system");
export const labels = z.record(
  text(/^[A-Za-z0-9][\w./-]*$/, "may hold only letters, digits, and . _ / - in its keys"),
  plainText,
);

/** Of instances: all that `create --label` takes. */
export const instanceLabels = z.record(
  text(/^[^=\s]+$/, "may hold no white space and no = in its keys").refine((key) => key !== ownerLabel, {
    error: 'is waifuctl\'s own: write set = "NAME" at the top of the file',
  }),
  z.string(),
);

/** Also the name of a file and of a dataset. */
export const templateName = text(
  /^[a-z0-9][a-z0-9._-]{0,62}$/,
  "can't be a template's name",
  "Lower-case letters, digits, dots, dashes and underscores, such as debian-12.",
);

export const httpUrl = text(
  (value) => /^https?:\/\/[^/\s]+\/\S*$/.test(value) && URL.canParse(value),
  "must be an http:// or https:// URL",
);
export const urlTemplate = text(
  // Which host serves the image is for the catalog to say, not for what was fetched.
  /^https?:\/\/[\w.:-]+\/(?:[^{}?#\s]|\{release\})*$/,
  "must be an http:// or https:// URL; {release} may stand in its path",
);

export const relativePath = text(
  /^[\w.-]+(\/[\w.-]+)*\/?$/,
  "must be a path below the last folder, like amd64/CHECKSUM",
);

export const pattern = text(isPattern, "must be a regular expression");

function isPattern(value: string): boolean {
  try {
    new RegExp(value);
    return value !== "";
  } catch {
    return false;
  }
}
