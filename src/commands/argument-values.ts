import { WaifuError } from "../errors.ts";

export type KeyValue = { readonly key: string; readonly value: string };

/** Makes a parser of whole decimal numbers within bounds. */
export function parseWholeNumber(bounds: { min: number; max: number }): (text: string) => number {
  return (text) => {
    const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (number >= bounds.min && number <= bounds.max) return number;
    throw new WaifuError(
      "usage",
      `${JSON.stringify(text)} is not a whole number from ${bounds.min} to ${bounds.max}`,
    );
  };
}

/** `disk=nvme`; the value may hold further equals signs, or be empty. */
export function parseKeyValue(text: string): KeyValue {
  const [matched, key = "", value = ""] = /^([^=\s]+)=(.*)$/s.exec(text) ?? [];
  if (matched !== undefined) return { key, value };
  throw new WaifuError("usage", `${JSON.stringify(text)} is not of the form KEY=VALUE`);
}

/** The last one wins. */
export function toRecord(pairs: readonly KeyValue[]): Record<string, string> {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, value]));
}

/** `--timeout` of whatever waits for a guest. An emulated one may take minutes. */
export const waitTimeout = {
  type: "string",
  valueHint: "SECONDS",
  default: "600",
  parse: parseWholeNumber({ min: 1, max: 86_400 }),
  description: "How long to wait for the guest",
} as const;
