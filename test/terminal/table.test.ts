import { describe, expect, test } from "bun:test";
import { type Column, renderTable } from "../../src/terminal/table.ts";

type Row = { name: string; memory: string };
const columns: Column<Row>[] = [
  { title: "NAME", cell: ({ name }) => name },
  { title: "MEMORY", cell: ({ memory }) => memory, align: "right" },
  { title: "NOTE", cell: ({ name }) => (name === "web-1" ? "" : "ok") },
];
const plain = { columns: undefined, hasColor: false };
const table = (rows: Row[], output: { columns: number | undefined; hasColor: boolean } = plain) =>
  renderTable(columns, rows, output);

describe("a table", () => {
  test("is aligned, without trailing spaces", () => {
    expect(
      table([
        { name: "web-1", memory: "512 MiB" },
        { name: "database", memory: "2 GiB" },
      ]),
    ).toBe(
      [
        "NAME       MEMORY  NOTE", //
        "web-1     512 MiB",
        "database    2 GiB  ok",
        "",
      ].join("\n"),
    );
  });

  test("without rows is its head", () => {
    expect(table([])).toBe("NAME  MEMORY  NOTE\n");
  });

  test("counts cells, not characters", () => {
    expect(
      table([
        { name: "猫", memory: "1" },
        { name: "👩‍🚀x", memory: "22" },
        { name: "é", memory: "333" },
      ]),
    ).toBe(
      ["NAME  MEMORY  NOTE", "猫         1  ok", "👩‍🚀x       22  ok", "é        333  ok", ""].join("\n"),
    );
  });

  test("has a bold head where colour is shown", () => {
    expect(table([], { columns: 80, hasColor: true })).toBe("\x1b[1mNAME  MEMORY  NOTE\x1b[22m\n");
  });

  test("is cut at the widest column, only where a window is too narrow", () => {
    const rows = [{ name: "a-very-long-name-indeed", memory: "2 GiB" }];
    expect(table(rows)).toContain("a-very-long-name-indeed  ");
    const narrow = table(rows, { columns: 24, hasColor: false });
    expect(narrow).toBe(["NAME        MEMORY  NOTE", "a-very-lo…   2 GiB  ok", ""].join("\n"));
    for (const line of table(rows, { columns: 18, hasColor: false }).split("\n")) {
      expect(Bun.stringWidth(line)).toBeLessThanOrEqual(18);
    }
  });

  test("keeps its lines whole whatever a cell holds", () => {
    expect(table([{ name: "a\nb\x1b[31m\tc", memory: "1" }])).toContain("a\\nb\\x1b[31m\\x09c  ");
  });
});
