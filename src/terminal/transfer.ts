import type { Progress } from "../reporter.ts";
import { formatSize } from "../size.ts";
import { formatDuration } from "./duration.ts";

const BAR_CELLS = 20;

/** A transfer under way: `45.2 MiB of 300 MiB (15 %), 20.1 MiB/s, 12s left`. */
export class Transfer {
  readonly #startedMs: number;
  readonly #startedBytes: number;
  #latest: Progress;
  #latestMs: number;

  /** What is there at the start was there before: it says nothing about the rate. */
  constructor(first: Progress, nowMs: number) {
    this.#startedMs = this.#latestMs = nowMs;
    this.#startedBytes = first.doneBytes;
    this.#latest = first;
  }

  update(progress: Progress, nowMs: number): void {
    this.#latest = progress;
    this.#latestMs = nowMs;
  }

  /** Empty where the whole is not known. */
  get bar(): string {
    const share = this.#share;
    if (share === undefined) return "";
    const full = Math.floor(share * BAR_CELLS);
    return `${"█".repeat(full)}${"░".repeat(BAR_CELLS - full)}`;
  }

  get text(): string {
    const { doneBytes, totalBytes } = this.#latest;
    const share = this.#share;
    const rate = ((doneBytes - this.#startedBytes) * 1000) / (this.#latestMs - this.#startedMs);
    const isMoving = Number.isFinite(rate) && rate > 0;
    const whole =
      share === undefined ? "" : ` of ${formatSize(totalBytes ?? 0)} (${Math.floor(share * 100)} %)`;
    return [
      `${formatSize(doneBytes)}${whole}`,
      isMoving && `${formatSize(rate)}/s`,
      isMoving &&
        totalBytes !== undefined &&
        `${formatDuration(((totalBytes - doneBytes) * 1000) / rate)} left`,
    ]
      .filter(Boolean)
      .join(", ");
  }

  get #share(): number | undefined {
    const { doneBytes, totalBytes } = this.#latest;
    return totalBytes === undefined || totalBytes <= 0 ? undefined : Math.min(1, doneBytes / totalBytes);
  }
}
