import { type Document, isMap, isSeq } from "yaml";
import { WaifuError } from "../errors.ts";
import { type CloudConfigDocument, parseCloudConfig } from "./cloud-config-document.ts";

/** What the operator's user-data means for us. */
export type UserDataFacts = {
  /** Whose SSH host key the guest will show: ours from the vendor-data, or one that the user-data decides on. */
  readonly hostKey: "ours" | "its-own" | "unknown";
  /** The first user that it creates; undefined means the image's default user, or that we can't tell. */
  readonly loginUser?: string;
};

export type ParsedUserData = {
  readonly facts: UserDataFacts;
  /** Absent for what is of another kind. */
  readonly cloudConfig?: CloudConfigDocument;
};

/** First lines other than #cloud-config, from "User-data formats" in cloud-init's documentation. */
const scripts = /^(#!|#cloud-boothook)/i;
const composed =
  /^(## template: ?jinja|#include|#part-handler|#cloud-config-(archive|jsonp)|(content-type|mime-version):)/i;

/**
 * Reads user-data as far as waifuctl must understand it; none at all is fine. cloud-init itself only logs a mistake, in a guest that
 * nobody can then log in to. Throws `usage` for an unknown first line, and for YAML that is broken, ambiguous or no mapping.
 */
export function parseUserData(text: string, path: string): ParsedUserData {
  // Not trimStart(): cloud-init doesn't take a byte order mark for white space.
  const start = text.replace(/^[ \t\r\n]+/, "");
  if (start === "" || scripts.test(start)) return { facts: { hostKey: "ours" } };
  if (composed.test(start)) return { facts: { hostKey: "unknown" } };
  if (start.startsWith("\ufeff")) {
    throw new WaifuError("usage", `${path}:1: user-data can't begin with a byte order mark`, {
      hint: "Save it as UTF-8 without one: cloud-init does not see #cloud-config behind it.",
    });
  }
  if (!/^#cloud-config\s/i.test(`${start}\n`)) {
    throw new WaifuError(
      "usage",
      `${path}:1: user-data can't begin with ${JSON.stringify(start.split(/\r?\n/, 1)[0]?.slice(0, 40))}`,
      {
        hint: "Make #cloud-config its first line (no space), or another header that cloud-init knows, such as #!/bin/sh.",
      },
    );
  }
  const cloudConfig = parseCloudConfig(text, path);
  const { document } = cloudConfig;
  const ignoresVendorData = document.getIn(["vendor_data", "enabled"]) === false;
  const hostKey = document.hasIn(["ssh_keys"]) || ignoresVendorData ? "its-own" : "ours";
  return { facts: { hostKey, loginUser: firstUser(document) }, cloudConfig };
}

/** `parseUserData`, for who needs no more of it. */
export function checkUserData(text: string, path: string): UserDataFacts {
  return parseUserData(text, path).facts;
}

function firstUser(document: Document.Parsed): string | undefined {
  const users = document.get("users");
  const names = isSeq(users) ? users.items.map((user) => (isMap(user) ? user.get("name") : undefined)) : [];
  const candidates = [...names, document.getIn(["user", "name"]), document.get("user")];
  return candidates.find((name) => typeof name === "string");
}
