import { expect, test } from "bun:test";
import { compareNatural } from "../../src/catalog/natural-order.ts";

test.each<[older: string, newer: string]>([
  ["9.9", "9.10"],
  ["9.7-20251118", "10.0-20250101"],
  ["20200529.1", "20240821"],
  ["20240821", "20240821.1"],
  ["20240821.9", "20240821.10"],
  ["3.23.4-r1", "3.23.10-r0"],
  ["3.23.4-r9", "3.23.4-r10"],
  ["v20260515.530093/", "v20261001.604814/"],
  ["14.3-RELEASE/", "14.10-RELEASE/"],
  ["2023.9.20251208.0", "2023.11.20260406.2"],
  ["20241004-1890", "20241201-1948"],
])("%s is older than %s", (older, newer) => {
  expect([newer, older].sort(compareNatural)).toEqual([older, newer]);
});
