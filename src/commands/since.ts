import { WaifuError } from "../errors.ts";

const unitMs = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 } as const;

/** `2d` ago, or a date: gives the time it means, ISO 8601, UTC. Throws `usage`. */
export function parseSince(text: string): (now: Date) => string {
  const [, count, unit] = /^(\d{1,6})([mhdw])$/.exec(text) ?? [];
  if (unit === "m" || unit === "h" || unit === "d" || unit === "w")
    return (now) => new Date(now.getTime() - Number(count) * unitMs[unit]).toISOString();
  const at = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(at)) return () => new Date(at).toISOString();
  throw new WaifuError("usage", `${JSON.stringify(text)} is no time`, {
    hint: "Say how long ago (30m, 12h, 2d, 1w), or when (2026-01-31, 2026-01-31T08:00:00Z).",
  });
}
