import { expect, test } from "bun:test";
import { parse } from "smol-toml";
import { tomlLines } from "../../src/config/toml-lines.ts";

const text = `# a comment with "quotes' and [brackets] = {
top = 1
text = """
[not-a-table]
key = "no"
"""  # the end
raw = '''
a = 1''''
list = [
  "]", # ] here too
  { a = 1 },
]
after.dotted."quoted = key" = true

[table]
key = 'it is # not a comment'
"\\u0041" = 2
when = 1979-05-27T07:32:00+01:00
[[node]]
name = "one"
storage = { kind = "zfs",
  pool = "tank" }
[node.labels]
disk = "nvme"
[[node]]
name = "two"
  [[node.disk]]
  size = 1
  [[node.disk]]
  size = 2
`;

test.each([
  [["top"], 2],
  [["text"], 3],
  [["raw"], 7],
  [["list"], 9],
  [["after"], 13],
  [["after", "dotted", "quoted = key"], 13],
  [["table"], 15],
  [["table", "key"], 16],
  [["table", "A"], 17],
  [["table", "when"], 18],
  [["node", 0], 19],
  [["node", 0, "name"], 20],
  [["node", 0, "storage"], 21],
  [["node", 0, "storage", "pool"], 21],
  [["node", 0, "labels", "disk"], 24],
  [["node", 1, "name"], 26],
  [["node", 1, "disk", 1, "size"], 30],
  [["node", 1, "missing"], 25],
  [["missing"], 1],
  [[], 1],
])("%j is on line %d", (path, line) => {
  expect(tomlLines(text)(path)).toBe(line);
});

test("the parser accepts the text above, and line ends of Windows change nothing", () => {
  expect(parse(text)).toHaveProperty("node.1.disk.1.size", 2);
  expect(tomlLines(text.replaceAll("\n", "\r\n"))(["node", 1, "disk", 1, "size"])).toBe(30);
});
