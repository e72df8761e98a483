import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { utils } from "ssh2";
import { WaifuError } from "../errors.ts";
import { agentKeys } from "./agent.ts";
import type { Operator } from "./target.ts";

const usualFiles = ["id_ed25519.pub", "id_ecdsa.pub", "id_rsa.pub"];

/**
 * Public keys that a new guest lets in, one line each: those of the file, else of ~/.ssh/id_*.pub, else of the agent.
 * Throws `not-found` for a missing file, `usage` for one that is no public key, `refused` when there is no key at all.
 */
export async function operatorPublicKeys(operator: Operator, file: string | undefined): Promise<string[]> {
  if (file !== undefined) return await keysOf(file);
  const { home, agentSocket } = operator;
  const files = home === undefined ? [] : usualFiles.map((name) => join(home, ".ssh", name));
  const found = (await Promise.all(files.map((path) => readFile(path, "utf8").catch(() => "")))).flatMap(
    keyLines,
  );
  if (found.length > 0) return found;
  const held = (agentSocket === undefined ? undefined : await agentKeys(agentSocket)) ?? [];
  if (held.length > 0) {
    return held.map((key) => `${key.type} ${key.getPublicSSH().toString("base64")} ${key.comment}`.trim());
  }
  throw new WaifuError("refused", "there is no SSH public key to give to the instance: nobody could log in", {
    hint: "Make one with ssh-keygen -t ed25519, or name one with --ssh-key FILE.",
  });
}

async function keysOf(file: string): Promise<string[]> {
  const text = await readFile(file, "utf8").catch((cause) => {
    throw new WaifuError("not-found", `can't read the SSH key ${file}`, {
      hint: "Give a public key file, such as ~/.ssh/id_ed25519.pub.",
      cause,
    });
  });
  const lines = keyLines(text);
  const isPublic = lines.length > 0 && lines.every((line) => isPublicKey(line));
  if (isPublic) return lines;
  throw new WaifuError("usage", `${file} is not an SSH public key`, {
    hint: text.includes("PRIVATE KEY")
      ? `That is the private half: give ${file}.pub.`
      : "Give a file like ~/.ssh/id_ed25519.pub.",
  });
}

function keyLines(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}

function isPublicKey(line: string): boolean {
  const key = utils.parseKey(line);
  return !(key instanceof Error) && !key.isPrivateKey();
}
