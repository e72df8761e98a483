import { parse } from "smol-toml";

const tokens = new RegExp(
  [
    /#[^\n]*/,
    /"""(?:\\[\s\S]|[^\\])*?"{3,5}/,
    /'''[\s\S]*?'{3,5}/,
    /"(?:\\.|[^"\\\n])*"/,
    /'[^'\n]*'/,
    /[\w-]+|[[\]{}=.,]|\n/,
  ]
    .map((token) => token.source)
    .join("|"),
  "g",
);

/**
 * Finds the line of a value in TOML that a parser has already accepted: smol-toml gives positions for syntax errors
 * only. A path that isn't in the text itself (a missing key, a key inside `{ … }`) is answered with its nearest parent's
 * line; the root's is 1.
 */
export function tomlLines(text: string): (path: readonly PropertyKey[]) => number {
  const lines = new Map<string, number>();
  for (const { path, line } of definitions(text)) {
    for (let length = 1; length <= path.length; length++) {
      const key = JSON.stringify(path.slice(0, length));
      if (!lines.has(key)) lines.set(key, line);
    }
  }
  return (path) => {
    for (let length = path.length; length > 0; length--) {
      const line = lines.get(JSON.stringify(path.slice(0, length)));
      if (line !== undefined) return line;
    }
    return 1;
  };
}

type Definition = { path: (string | number)[]; line: number };

/** Every table header and every `key =` of the text, with the index of each `[[table]]` put into the path. */
function* definitions(text: string): Generator<Definition> {
  const arrayLengths = new Map<string, number>();
  let table: (string | number)[] = [];
  let statement: string[] = [];
  let depth = 0;
  let line = 1;
  for (const [token] of `${text}\n`.matchAll(tokens)) {
    const startLine = line;
    line += token.split("\n").length - 1;
    if (token === "\n" && depth === 0) statement = [];
    if (token === "\n" || token.startsWith("#")) continue;
    if (statement.includes("=")) {
      if (token === "[" || token === "{") depth++;
      if (token === "]" || token === "}") depth--;
      continue;
    }
    statement.push(token);
    const isHeader = statement[0] === "[";
    const isArray = isHeader && statement[1] === "[";
    if (isArray ? token === "]" && statement.at(-2) === "]" : token === (isHeader ? "]" : "=")) {
      const keys = statement.filter((part) => !"[].=".includes(part)).map(unquote);
      if (isHeader) table = withIndexes(keys, isArray, arrayLengths);
      yield { path: isHeader ? table : [...table, ...keys], line: startLine };
    }
  }
}

function withIndexes(keys: string[], isArray: boolean, arrayLengths: Map<string, number>) {
  const path: (string | number)[] = [];
  for (const [index, key] of keys.entries()) {
    path.push(key);
    const name = JSON.stringify(path);
    if (isArray && index === keys.length - 1) arrayLengths.set(name, (arrayLengths.get(name) ?? 0) + 1);
    const length = arrayLengths.get(name);
    if (length !== undefined) path.push(length - 1);
  }
  return path;
}

function unquote(key: string): string {
  return Object.keys(parse(`${key} = 0`))[0] ?? key;
}
