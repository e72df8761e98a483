import { stringify } from "smol-toml";
import type { InstanceTable } from "./description-file.ts";
import { assignments } from "./write-cluster-config.ts";

/** The text of a file of descriptions that reads back as these tables, in this order. */
export function writeDescriptions(tables: readonly InstanceTable[]): string {
  return tables
    .map(({ user_data: userData, ...keys }) => {
      const lines = ["[[instance]]", ...assignments(keys)];
      return [...lines, ...(userData === undefined ? [] : [textBlock("user_data", userData)]), ""].join("\n");
    })
    .join("\n");
}

/** As it is, between ''' and ''', where TOML lets it stand there: no such quotes, and no control characters but tab and newline. */
function textBlock(key: string, text: string): string {
  const isPlain = !/'''|'$|[^\P{Cc}\t\n]/u.test(text) && text.isWellFormed();
  return isPlain && text.includes("\n") ? `${key} = '''\n${text}'''` : stringify({ [key]: text }).trim();
}
