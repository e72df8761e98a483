import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseDescriptions } from "../../src/config/parse-descriptions.ts";
import { writeDescriptions } from "../../src/config/write-descriptions.ts";

const table = {
  name: "web",
  template: "tiny@2f8e61c0",
  cpus: 2,
  memory: "1GiB",
  labels: { role: "web", "a.b": "it's" },
  user_data: "#cloud-config\npackages: ['git']\n",
};

test("user-data stands there as it is", () => {
  expect(writeDescriptions([table, { name: "db" }])).toBe(`[[instance]]
name = "web"
template = "tiny@2f8e61c0"
cpus = 2
memory = "1GiB"
labels = { role = "web", "a.b" = "it's" }
user_data = '''
#cloud-config
packages: ['git']
'''

[[instance]]
name = "db"
`);
});

/** Texts with what TOML treats in a way of its own. */
const awkward = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.string({
    unit: fc.constantFrom("'", '"', "\\", "\n", "\r", "\t", "#", "\u0000", "\u007f", "=", "]", "é"),
  }),
);

test("whatever the text of user-data and labels, it is read back as it was", () => {
  fc.assert(
    fc.property(awkward, awkward, awkward, (userData, key, value) => {
      const name = `k${key.replace(/[=\s]/gu, "")}`;
      const text = writeDescriptions([{ ...table, labels: { [name]: value }, user_data: userData }]);
      const [read] = parseDescriptions([{ path: "x", folder: "/", text }], () => undefined).instances;
      expect([read?.userData?.text, read?.labels]).toEqual([userData, { [name]: value }]);
    }),
    { numRuns: 500 },
  );
});
