import { WaifuError } from "../errors.ts";
import { adjectives, nouns } from "./name-words.ts";

const longest = 63;

/**
 * An instance's name is also its host name, the name of its domain and a part of its dataset's, so only a DNS label in lower
 * case (RFC 1123) will do. Throws `usage`.
 */
export function checkInstanceName(name: string): void {
  const complaint = complaintAbout(name);
  if (complaint === undefined) return;
  const shown = JSON.stringify(name.length > 40 ? `${name.slice(0, 40)}…` : name);
  throw new WaifuError("usage", `${shown} can't name an instance: ${complaint}`, {
    hint:
      /^[A-Z0-9-]+$/i.test(name) && isLabel(name.toLowerCase())
        ? `Write ${name.toLowerCase()}.`
        : `Use lower-case letters, digits and inner hyphens, at most ${longest} of them.`,
  });
}

function isLabel(name: string): boolean {
  return name.length <= longest && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(name);
}

function complaintAbout(name: string): string | undefined {
  if (isLabel(name)) return undefined;
  if (name === "") return "it is empty";
  const [wrong] = /[^a-z0-9-]/u.exec(name) ?? [];
  if (wrong !== undefined) return `it holds ${JSON.stringify(wrong)}`;
  if (name.length > longest) return `it has ${name.length} characters`;
  return "it begins or ends with a hyphen";
}

/**
 * A friendly name that isn't taken, like `cosy-otter`; once every pair is, they come numbered. `random` returns numbers in
 * [0, 1), as Math.random does.
 */
export function makeUpName(taken: ReadonlySet<string>, random: () => number): string {
  const pairs = adjectives.flatMap((adjective) => nouns.map((noun) => `${adjective}-${noun}`));
  for (let round = 1; ; round++) {
    const free = pairs
      .map((pair) => (round === 1 ? pair : `${pair}-${round}`))
      .filter((name) => !taken.has(name));
    const name = free[Math.floor(random() * free.length)];
    if (name !== undefined) return name;
  }
}
