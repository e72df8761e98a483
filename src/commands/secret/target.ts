import { WaifuError } from "../../errors.ts";
import type { BearerRequest } from "../../instances/bearers.ts";
import { isSecretName } from "../../metadata/secret-record.ts";
import { type KeyValue, parseKeyValue } from "../argument-values.ts";
import type { Arguments } from "../arguments.ts";

export const target = {
  name: { type: "positional", description: "Instance; left out with --label" },
  key: {
    type: "positional",
    required: false,
    description: "The secret's name: letters, digits, dots, dashes and underscores, 64 at most",
  },
  label: {
    type: "string",
    valueHint: "KEY=VALUE",
    parse: parseKeyValue,
    description: "For all instances with this label, those to come too, instead of one",
  },
} as const satisfies Arguments;

type Words = { readonly name: string; readonly key?: string; readonly label?: KeyValue };

/** With --label there is one word only. Throws `usage`. */
export function readTarget({ name, key, label }: Words): { request: BearerRequest; key: string } {
  const named = label === undefined ? key : name;
  if (named === undefined || (label !== undefined && key !== undefined)) {
    throw new WaifuError("usage", "a secret is for an instance or for a label, and has a name", {
      hint: "Give NAME KEY, or --label KEY=VALUE KEY.",
    });
  }
  if (isSecretName(named)) return { request: label === undefined ? { name } : { label }, key: named };
  throw new WaifuError("usage", `${JSON.stringify(named)} can't be a secret's name`, {
    hint: "It may hold letters, digits, dots, dashes and underscores, 64 at most.",
  });
}

/** `label role=web`, or the instance's name. */
export function renderTarget(request: BearerRequest): string {
  return "name" in request ? request.name : `label ${request.label.key}=${request.label.value}`;
}
