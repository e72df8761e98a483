import { version } from "../../../package.json";

export type Outcome =
  | "served"
  | "not-found"
  | "refused"
  | "not-known-yet"
  | "unauthorized"
  | "forwarded"
  | "bad-request"
  | "limited"
  | "failed";

/** Why a caller is none of our guests. */
export type RefusalReason = "no-neighbour" | "no-seed" | "wrong-token";

type State = { readonly isRedisUp: boolean; readonly seeds: number };

const bucketsSeconds = [0.0001, 0.0005, 0.001, 0.005, 0.025, 0.1, 0.5, 2.5];

/** What Prometheus reads. */
export class Metrics {
  readonly #outcomes = new Map<Outcome, number>();
  readonly #refusals = new Map<RefusalReason, number>();
  /** The last is for what is slower than all. */
  readonly #buckets: number[] = [...bucketsSeconds, 0].fill(0);
  #count = 0;
  #sumSeconds = 0;

  request(outcome: Outcome, seconds: number): void {
    this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + 1);
    this.#count++;
    this.#sumSeconds += seconds;
    let index = 0;
    while (seconds > (bucketsSeconds[index] ?? Number.POSITIVE_INFINITY)) index++;
    this.#buckets[index] = (this.#buckets[index] ?? 0) + 1;
  }

  refusal(reason: RefusalReason): void {
    this.#refusals.set(reason, (this.#refusals.get(reason) ?? 0) + 1);
  }

  /** https://prometheus.io/docs/instrumenting/exposition_formats/ */
  render({ isRedisUp, seeds }: State): string {
    let below = 0;
    const latency = [...bucketsSeconds, "+Inf"].map((bound, index) => {
      below += this.#buckets[index] ?? 0;
      return `waifu_metadata_request_seconds_bucket{le="${bound}"} ${below}`;
    });
    return [
      "# TYPE waifu_metadata_requests_total counter",
      ...[...this.#outcomes].map(
        ([name, count]) => `waifu_metadata_requests_total{outcome="${name}"} ${count}`,
      ),
      "# TYPE waifu_metadata_refusals_total counter",
      ...[...this.#refusals].map(
        ([name, count]) => `waifu_metadata_refusals_total{reason="${name}"} ${count}`,
      ),
      "# TYPE waifu_metadata_request_seconds histogram",
      ...latency,
      `waifu_metadata_request_seconds_sum ${this.#sumSeconds}`,
      `waifu_metadata_request_seconds_count ${this.#count}`,
      "# TYPE waifu_metadata_info gauge",
      `waifu_metadata_info{version="${version}"} 1`,
      "# TYPE waifu_metadata_redis_up gauge",
      `waifu_metadata_redis_up ${isRedisUp ? 1 : 0}`,
      "# TYPE waifu_metadata_seeds gauge",
      `waifu_metadata_seeds ${seeds}`,
      "# TYPE process_resident_memory_bytes gauge",
      `process_resident_memory_bytes ${process.memoryUsage.rss()}`,
      "",
    ].join("\n");
  }
}
