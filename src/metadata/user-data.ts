import { type Document, isMap, isScalar, isSeq, LineCounter, parseDocument, visit } from "yaml";
import { WaifuError } from "../errors.ts";

/** What the operator's user-data means for us. */
export type UserDataFacts = {
  /** Whose SSH host key the guest will show: ours from the vendor-data, or one that the user-data decides on. */
  readonly hostKey: "ours" | "its-own" | "unknown";
  /** The first user that it creates; undefined means the image's default user, or that we can't tell. */
  readonly loginUser?: string;
};

/** First lines other than #cloud-config, from "User-data formats" in cloud-init's documentation. */
const scripts = /^(#!|#cloud-boothook)/i;
const composed =
  /^(## template: ?jinja|#include|#part-handler|#cloud-config-(archive|jsonp)|(content-type|mime-version):)/i;

/**
 * Reads user-data as far as waifuctl must understand it. cloud-init itself only logs a mistake, in a guest that nobody can
 * then log in to. Throws `usage` for an unknown first line, and for YAML that is broken, ambiguous or no mapping.
 */
export function checkUserData(text: string, path: string): UserDataFacts {
  // Not trimStart(): cloud-init doesn't take a byte order mark for white space.
  const start = text.replace(/^[ \t\r\n]+/, "");
  if (scripts.test(start)) return { hostKey: "ours" };
  if (composed.test(start)) return { hostKey: "unknown" };
  if (!/^#cloud-config\s/i.test(`${start}\n`)) {
    throw new WaifuError(
      "usage",
      `${path}:1: user-data can't begin with ${JSON.stringify(start.split(/\r?\n/, 1)[0]?.slice(0, 40))}`,
      {
        hint: "Make #cloud-config its first line (no space), or another header that cloud-init knows, such as #!/bin/sh.",
      },
    );
  }
  const document = parseCloudConfig(text, path);
  const ignoresVendorData = document.getIn(["vendor_data", "enabled"]) === false;
  return {
    hostKey: document.hasIn(["ssh_keys"]) || ignoresVendorData ? "its-own" : "ours",
    loginUser: firstUser(document),
  };
}

function parseCloudConfig(text: string, path: string): Document.Parsed {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { version: "1.1", lineCounter, prettyErrors: false });
  const mistakes = document.errors.map((error) => ({ at: error.pos[0], what: error.message }));
  visit(document, {
    Alias: (_, alias) => {
      if (alias.resolve(document) === undefined) {
        mistakes.push({
          at: alias.range?.[0] ?? 0,
          what: `*${alias.source} refers to nothing: quote it, if it is text`,
        });
      }
    },
  });
  const { contents } = document;
  const isEmpty = contents === null || (isScalar(contents) && contents.value === null);
  if (!isMap(contents) && !isEmpty) {
    mistakes.push({ at: contents.range[0], what: "a cloud-config must be a mapping: lines of `key: value`" });
  }
  const [first] = mistakes;
  if (first === undefined) return document;
  const { line, col } = lineCounter.linePos(first.at);
  throw new WaifuError("usage", `${path}:${line}:${col}: ${first.what}`, {
    hint: "See https://cloudinit.readthedocs.io for what user-data may hold.",
  });
}

function firstUser(document: Document.Parsed): string | undefined {
  const users = document.get("users");
  const names = isSeq(users) ? users.items.map((user) => (isMap(user) ? user.get("name") : undefined)) : [];
  const candidates = [...names, document.getIn(["user", "name"]), document.get("user")];
  return candidates.find((name) => typeof name === "string");
}
