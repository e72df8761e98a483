import type { WaifuError } from "../errors.ts";

/** The answer of a verb as one JSON document. */
export function renderJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** An error as one line of JSON, so that it stays one record among other lines on stderr. */
export function renderErrorJson({ code, message, hint, node, instance }: WaifuError): string {
  return `${JSON.stringify({ code, message, hint, node, instance })}\n`;
}
