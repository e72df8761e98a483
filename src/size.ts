import { WaifuError } from "./errors.ts";

const powers = "KMGTP";
const sizePattern = /^(\d+)(?:\.(\d+))?\s*(?:([KMGTP])(iB|B)?|B)$/i;

/**
 * Bytes meant by `512M`, `2G`, `1.5TiB` (powers of 1024), `10GB` (powers of 1000, as on a disk's label) or `4096B`.
 * A bare number is refused: qemu-img reads it as bytes, others as mebibytes. Throws `usage`.
 */
export function parseSize(text: string): number {
  const [matched, whole = "", fraction = "", letter, suffix] = sizePattern.exec(text.trim()) ?? [];
  if (matched === undefined) throw refusal(text, "is not a size");
  const base = suffix?.toLowerCase() === "b" ? 1000n : 1024n;
  const unit = letter === undefined ? 1n : base ** BigInt(powers.indexOf(letter.toUpperCase()) + 1);
  // Whole numbers throughout: 1.1T in floating point would be some bytes off.
  const scaled = BigInt(whole + fraction) * unit;
  const scale = 10n ** BigInt(fraction.length);
  if (scaled === 0n) throw refusal(text, "is nothing");
  if (scaled % scale !== 0n) throw refusal(text, "is not a whole number of bytes");
  const bytes = scaled / scale;
  if (bytes > BigInt(Number.MAX_SAFE_INTEGER)) throw refusal(text, "is more than any disk holds");
  return Number(bytes);
}

function refusal(text: string, why: string): WaifuError {
  const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text;
  return new WaifuError("usage", `${JSON.stringify(shown)} ${why}`, {
    hint: "Write a number and a unit, like 512M, 2G or 1.5T.",
  });
}

/** For tables: `512 MiB`, `1.5 GiB`, at most one decimal. */
export function formatSize(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let amount = bytes;
  let index = 0;
  // 1023.95 would round to 1024.0, which belongs to the next unit.
  while (amount >= 1023.95 && index < units.length - 1) {
    amount /= 1024;
    index++;
  }
  return `${Math.round(amount * 10) / 10} ${units[index]}`;
}

/** What `parseSize` reads as exactly these bytes, in the biggest unit that does: `2GiB`. */
export function exactSize(bytes: number): string {
  let [amount, index] = [bytes, -1];
  while (amount % 1024 === 0 && amount > 0 && index < powers.length - 1) {
    amount /= 1024;
    index++;
  }
  return index < 0 ? `${bytes}B` : `${amount}${powers[index]}iB`;
}
