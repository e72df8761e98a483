import { ansi } from "./ansi.ts";
import { printableLine } from "./printable.ts";
import type { Output } from "./terminal.ts";

export type Column<Row> = {
  readonly title: string;
  readonly cell: (row: Row) => string;
  readonly align?: "left" | "right";
};

const GAP = "  ";
const NARROWEST = 4;

/** Aligned columns without borders. Cells are shortened only where the output has a width and they don't fit. */
export function renderTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  output: Pick<Output, "columns" | "hasColor">,
): string {
  const head = columns.map((column) => column.title);
  const body = rows.map((row) => columns.map((column) => printableLine(column.cell(row))));
  const widths = fitWidths(
    columns.map((_, i) => Math.max(...[head, ...body].map((cells) => Bun.stringWidth(cells[i] ?? "")))),
    output.columns,
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => pad(Bun.sliceAnsi(cell, 0, widths[i], "…"), widths[i] ?? 0, columns[i]?.align))
      .join(GAP)
      .trimEnd();
  return [ansi(output).bold(line(head)), ...body.map(line)].map((text) => `${text}\n`).join("");
}

/** Takes cells from the widest column until the line fits. */
function fitWidths(wanted: readonly number[], available: number | undefined): number[] {
  const widths = [...wanted];
  const gaps = GAP.length * (widths.length - 1);
  let excess = widths.reduce((sum, width) => sum + width, gaps) - (available ?? Number.POSITIVE_INFINITY);
  for (; excess > 0; excess--) {
    const widest = Math.max(...widths);
    if (widest <= NARROWEST) break;
    widths[widths.indexOf(widest)] = widest - 1;
  }
  return widths;
}

function pad(text: string, width: number, align: "left" | "right" = "left"): string {
  const fill = " ".repeat(Math.max(0, width - Bun.stringWidth(text)));
  return align === "right" ? fill + text : text + fill;
}
