import { Ajv, type ErrorObject } from "ajv";
import { type Document, isMap, isNode, isScalar, visit } from "yaml";
// cloud-init's own, of 22.4.2 (Apache-2.0 or GPL-3.0; cloudinit/config/schemas/schema-cloud-config-v1.json).
import schema from "../../templates/cloud-config-schema.json" with { type: "json" };
import { nearest } from "../nearest.ts";
import type { CloudConfigDocument } from "./cloud-config-document.ts";

/** Something in a cloud-config that cloud-init's schema does not allow. */
export type Finding = {
  readonly line: number;
  readonly column: number;
  readonly message: string;
  /** False: merely unknown, so perhaps of a newer cloud-init. */
  readonly isMistake: boolean;
};

type Path = readonly string[];

/** What cloud-init's schema finds in a cloud-config, by line. Leaves PyYAML's idea of booleans in the document. */
export function checkSchema({ document, lineCounter }: CloudConfigDocument): Finding[] {
  // PyYAML knows fewer words for booleans than YAML 1.1 does.
  visit(document, {
    Scalar: (_, node) => {
      if (typeof node.value === "boolean" && /^[yn]$/i.test(node.source ?? "")) node.value = node.source;
    },
  });
  const config = unfold(document);
  if (config === undefined)
    return [{ line: 1, column: 1, message: "its aliases (*name) unfold to far too much", isMistake: true }];
  const keys = Object.keys(typeof config === "object" && config !== null ? config : {});
  const finding = (at: number, message: string, isMistake: boolean): Finding => {
    const { line, col: column } = lineCounter.linePos(at);
    return { line, column, message, isMistake };
  };
  const unknown = keys
    .filter((key) => !modules.some(({ properties }) => Object.hasOwn(properties, key)))
    .map((key) => finding(keyOffset(document, [key]), unknownKey(key), false));
  const wrong = judge(validate(config, keys)).map(({ path, message, isMistake, isOfKey }) =>
    finding(isOfKey ? keyOffset(document, path) : valueOffset(document, path), message, isMistake),
  );
  return [...unknown, ...wrong].sort((a, b) => a.line - b.line || a.column - b.column);
}

/** By way of JSON, which makes texts of YAML's dates, as cloud-init takes them. Undefined for a bomb of aliases. */
function unfold(document: Document.Parsed): unknown {
  try {
    return JSON.parse(JSON.stringify(document.toJS({ maxAliasCount: 10_000 }) ?? {}));
  } catch (error) {
    if (error instanceof ReferenceError) return undefined;
    throw error;
  }
}

/** A module's part of the schema: the keys that it takes. */
const modules = Object.entries(schema.$defs).flatMap(([name, definition]) =>
  schema.allOf.some(({ $ref }) => $ref === `#/$defs/${name}`) && "properties" in definition
    ? [{ $ref: `#/$defs/${name}`, properties: definition.properties }]
    : [],
);

/** Only by those modules' schemas that take any of the keys: to compile all takes half a second. */
function validate(config: unknown, keys: readonly string[]): ErrorObject[] {
  const allOf = modules
    .filter(({ properties }) => keys.some((key) => Object.hasOwn(properties, key)))
    .map(({ $ref }) => ({ $ref }));
  if (allOf.length === 0) return [];
  // strict: the schema is draft 4, and has words of cloud-init's own.
  const ajv = new Ajv({
    allErrors: true,
    verbose: true,
    strict: false,
    validateFormats: false,
    logger: false,
  });
  const check = ajv.compile({ $defs: schema.$defs, allOf });
  check(config);
  return check.errors ?? [];
}

/**
 * One finding for each place. Where a value may be of several kinds, Ajv complains of each: that it is of another type says nothing
 * when it is of the right type for one of them.
 */
function judge(errors: readonly ErrorObject[]) {
  const telling = errors.filter(({ keyword }) => !["anyOf", "oneOf", "allOf"].includes(keyword));
  const containers = new Set(telling.flatMap(({ instancePath }) => containersOf(instancePath)));
  return [...Map.groupBy(telling, ({ instancePath }) => instancePath)].flatMap(([pointer, group]) => {
    const path = pointer.split("/").slice(1).map(unescapePointer);
    const hasRightType = group.some(({ keyword }) => keyword !== "type") || containers.has(pointer);
    const left = group.filter(({ keyword }) => keyword !== "type" || !hasRightType);
    const extra = left.filter(({ keyword }) => keyword === "additionalProperties");
    const messages = new Set(left.filter((error) => !extra.includes(error)).map(describe));
    const names = new Set(extra.map(({ params }) => String(params.additionalProperty)));
    return [
      ...[...names].map((key) => ({
        path: [...path, key],
        message: unknownKey(key),
        isMistake: false,
        isOfKey: true,
      })),
      ...(messages.size === 0 ? [] : [refusal(path, [...messages], left.some(isTaken))]),
    ];
  });
}

/** What cloud-init takes although this schema does not: later ones allow some of it, and all but a package's mapping 22.4 takes itself. */
const takenForms: readonly (readonly [place: RegExp, is: (value: unknown) => boolean])[] = [
  [/^\/users\/\d+\/sudo$/, Array.isArray],
  [/^\/users$/, (value) => Array.isArray(value) && value.length === 0],
  [/^\/packages\/\d+$/, (value) => typeof value === "object" && !Array.isArray(value)],
  [/^\/write_files\/\d+\/permissions$/, Number.isInteger],
  [/^\/mounts\/\d+\/\d+$/, Number.isInteger],
];

function isTaken({ instancePath, data }: ErrorObject): boolean {
  return takenForms.some(([place, is]) => place.test(instancePath) && is(data));
}

function refusal(path: Path, messages: readonly string[], isTaken: boolean) {
  const message = `${path.join(".")} ${messages.join(", or ")}${isTaken ? ", says the schema of 22.4" : ""}`;
  return { path, message, isMistake: !isTaken, isOfKey: false };
}

/** `/a` and `/a/b` of `/a/b/c`. */
function containersOf(pointer: string): string[] {
  const parts = pointer.split("/");
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join("/"));
}

function describe({ keyword, message = "", params }: ErrorObject): string {
  return keyword === "enum" ? `must be one of ${params.allowedValues.join(", ")}` : message;
}

function unknownKey(key: string): string {
  const meant = nearest(
    key,
    modules.flatMap(({ properties }) => Object.keys(properties)),
  );
  return `cloud-init does not know ${key} here${meant === undefined ? "" : `; did you mean ${meant}?`}`;
}

function keyOffset(document: Document, path: Path): number {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  const pairs = isMap(parent) ? parent.items : [];
  const key = pairs.map((pair) => pair.key).find((key) => isScalar(key) && String(key.value) === path.at(-1));
  return isScalar(key) ? (key.range?.[0] ?? 0) : valueOffset(document, path.slice(0, -1));
}

/** Of the value, or of what is nearest around it. */
function valueOffset(document: Document, path: Path): number {
  const node = path.length === 0 ? document.contents : document.getIn(path, true);
  if (isNode(node)) return node.range?.[0] ?? 0;
  return path.length === 0 ? 0 : valueOffset(document, path.slice(0, -1));
}

/** RFC 6901. */
function unescapePointer(part: string): string {
  return part.replaceAll("~1", "/").replaceAll("~0", "~");
}
