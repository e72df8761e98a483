import { randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { WaifuError } from "../errors.ts";

const keyBytes = 32;

/** Of the key that the secrets in a state file are sealed with. */
export const secretKeyPath = (statePath: string) => `${statePath}.key`;

/** The key in the file, made if there is none. Throws as `readSecretKey` does. */
export function loadSecretKey(path: string): Uint8Array {
  const known = readSecretKey(path);
  if (known !== undefined) return known;
  makeKey(path);
  return loadSecretKey(path);
}

/** Undefined when there is none. Throws `refused` when others than its owner may read the file, or it is damaged. */
export function readSecretKey(path: string): Uint8Array | undefined {
  if (!existsSync(path)) return undefined;
  if ((statSync(path).mode & 0o077) !== 0) {
    throw new WaifuError("refused", `others may read ${path}, the key of all secrets that are kept here`, {
      hint: `chmod 600 ${path}; if somebody did read it, set the secrets anew, with other values.`,
    });
  }
  const key = readFileSync(path);
  if (key.length === keyBytes) return key;
  throw new WaifuError("refused", `${path}, the key of all secrets that are kept here, is damaged`, {
    hint: "Put it back from a backup; or remove it, and set the secrets anew.",
  });
}

/** Whole or not at all, and never over one that another waifuctl has just made. */
function makeKey(path: string): void {
  const draft = `${path}.${process.pid}`;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const file = openSync(draft, "w", 0o600);
  try {
    writeSync(file, randomBytes(keyBytes));
    fsyncSync(file);
    linkSync(draft, path);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  } finally {
    closeSync(file);
    unlinkSync(draft);
  }
}
