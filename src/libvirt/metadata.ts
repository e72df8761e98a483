import { type Command, repeatable } from "../command.ts";
import type { InstanceSpec } from "../instance-spec.ts";
import { virsh } from "./virsh.ts";

/** Namespace of our element in a domain's `<metadata>`. */
export const metadataNamespace = "urn:waifu:1";

/**
 * The element that makes a domain ours. The spec is JSON text inside it: libvirt keeps unknown elements as they are, and a spec
 * grows without a schema of its own. Anybody on the node who may read domains can read it, so it never holds a secret.
 */
export function metadataElement(spec: InstanceSpec): string {
  return `<waifu:instance xmlns:waifu="${metadataNamespace}">${escapeXml(JSON.stringify(spec))}</waifu:instance>`;
}

/** Replaces the element of a domain: of its definition, and of the running one if it runs. */
export function writeMetadata(uri: string, spec: InstanceSpec, isRunning: boolean): Command {
  // libvirt gives the element its prefix itself.
  const element = `<instance>${escapeXml(JSON.stringify(spec))}</instance>`;
  const where = isRunning ? ["--config", "--live"] : ["--config"];
  return repeatable(
    virsh(
      uri,
      "metadata",
      spec.uuid,
      "--uri",
      metadataNamespace,
      "--key",
      "waifu",
      "--set",
      element,
      ...where,
    ),
  );
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
