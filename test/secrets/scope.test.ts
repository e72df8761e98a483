import { expect, test } from "bun:test";
import { instanceScope, labelScope, secretsFor } from "../../src/secrets/scope.ts";

const recipient = { uuid: "1", labels: { role: "web", tier: "a=b" } };
const of = (scope: string, key: string, setAt = "2026-01-01") => ({ scope, key, setAt });
const own = of(instanceScope("1"), "pw", "2020-01-01");
const role = of(labelScope("role", "web"), "pw", "2026-01-02");
const tier = of(labelScope("tier", "a=b"), "pw", "2026-01-03");

test.each([
  ["its own", [own], [own]],
  ["of a label", [role], [role]],
  ["of a label with an equals sign", [tier], [tier]],
  ["its own before its labels'", [role, own, tier], [own]],
  ["of two labels the one set last", [tier, role], [tier]],
  ["each name once", [role, { ...role, key: "other" }], [role, { ...role, key: "other" }]],
  ["not another instance's", [of(instanceScope("2"), "pw")], []],
  ["not of another value of the label", [of(labelScope("role", "db"), "pw")], []],
  ["not of a label that it lacks", [of(labelScope("size", "web"), "pw")], []],
])("%s", (_, secrets, expected) => {
  expect(secretsFor(secrets, recipient)).toEqual(expected);
});
