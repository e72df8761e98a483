import { expect, test } from "bun:test";
import { splitOverview } from "../../src/libvirt/overview.ts";

test("domains and network are told apart", () => {
  const stdout = "@uuid\n\n@end\n\n== 0\nactive\n<network/>\n--\n--\n[]\n";
  expect(splitOverview({ exitCode: 0, stdout, stderr: "" })).toEqual({
    domains: { exitCode: 0, stdout: "@uuid\n\n@end\n\n", stderr: "" },
    network: { exitCode: 0, stdout: "active\n<network/>\n--\n--\n[]\n", stderr: "" },
  });
});

test("a network that is not there hides no domain", () => {
  const stdout = "@end\n\n== 1\nerror: Network not found: no network with matching name 'nope'\n";
  expect(splitOverview({ exitCode: 0, stdout, stderr: "" })).toMatchObject({
    domains: { exitCode: 0, stdout: "@end\n\n" },
    network: { exitCode: 1, stderr: "error: Network not found: no network with matching name 'nope'\n" },
  });
});

test("a libvirt that does not answer fails both", () => {
  const down = { exitCode: 1, stdout: "", stderr: "error: failed to connect to the hypervisor" };
  expect(splitOverview(down)).toMatchObject({
    domains: { exitCode: 1 },
    network: { exitCode: 1 },
  });
});
