import type { InstanceSpec } from "../instance-spec.ts";

/** Namespace of our element in a domain's `<metadata>`. */
export const metadataNamespace = "urn:waifu:1";

/**
 * The element that makes a domain ours. The spec is JSON text inside it: libvirt keeps unknown elements as they are, and a spec
 * grows without a schema of its own. Anybody on the node who may read domains can read it, so it never holds a secret.
 */
export function metadataElement(spec: InstanceSpec): string {
  return `<waifu:instance xmlns:waifu="${metadataNamespace}">${escapeXml(JSON.stringify(spec))}</waifu:instance>`;
}

/** Reads the element as `virsh metadata` prints it; undefined when it is not one of ours or is damaged. */
export function parseMetadata(xml: string): InstanceSpec | undefined {
  try {
    const document: unknown = Bun.XML.parse(xml);
    const element = isRecord(document) ? document.instance : undefined;
    const text = isRecord(element) ? element["#text"] : element;
    const spec: unknown = typeof text === "string" ? JSON.parse(text) : undefined;
    return isSpec(spec) ? spec : undefined;
  } catch {
    return undefined;
  }
}

export function escapeXml(text: string): string {
  const entities: Record<string, string> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&apos;",
  };
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

function isSpec(value: unknown): value is InstanceSpec {
  return (
    isRecord(value) &&
    typeof value.uuid === "string" &&
    typeof value.name === "string" &&
    typeof value.generation === "number" &&
    typeof value.mac === "string" &&
    typeof value.cpus === "number" &&
    typeof value.memoryBytes === "number" &&
    typeof value.diskBytes === "number" &&
    isRecord(value.template)
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
