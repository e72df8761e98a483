import { type Document, isAlias, isMap, isScalar, LineCounter, parseDocument, visit } from "yaml";
import { WaifuError } from "../errors.ts";

/** A cloud-config as it was written. */
export type CloudConfigDocument = {
  /** A mapping, or nothing. */
  readonly document: Document.Parsed;
  readonly lineCounter: LineCounter;
};

/** Throws `usage`, with the place, for YAML that is broken, ambiguous or no mapping. */
export function parseCloudConfig(text: string, path: string): CloudConfigDocument {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { version: "1.1", lineCounter, prettyErrors: false });
  const mistakes = document.errors.map((error) => ({ at: error.pos[0], what: error.message }));
  const anchors = new Set<string>();
  visit(document, {
    Node: (_, node) => {
      if (!isAlias(node)) anchors.add(node.anchor ?? "");
      else if (!anchors.has(node.source)) {
        const what = `*${node.source} refers to nothing: quote it, if it is text`;
        mistakes.push({ at: node.range?.[0] ?? 0, what });
      }
    },
  });
  const { contents } = document;
  const isEmpty = contents === null || (isScalar(contents) && contents.value === null);
  if (!isMap(contents) && !isEmpty) {
    mistakes.push({ at: contents.range[0], what: "a cloud-config must be a mapping: lines of `key: value`" });
  }
  const [first] = mistakes;
  if (first === undefined) return { document, lineCounter };
  const { line, col } = lineCounter.linePos(first.at);
  throw new WaifuError("usage", `${path}:${line}:${col}: ${first.what}`, {
    hint: "See https://cloudinit.readthedocs.io for what user-data may hold.",
  });
}
