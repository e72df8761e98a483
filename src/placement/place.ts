import type { SeedTransport } from "../instance-spec.ts";

/** What placement looks at: numbers only, so that the same input always gives the same answer. */
export type Candidate = {
  readonly node: string;
  /** Why it can't be considered at all: it is down, say. */
  readonly unavailable?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly architecture: string;
  readonly cpus: Capacity;
  readonly memoryBytes: Capacity;
  readonly diskBytes: Capacity;
  readonly hasTemplate: boolean;
  readonly hasFreeAddress: boolean;
  readonly hasMetadataService: boolean;
};

/** What may be promised in all, and what is promised already. */
export type Capacity = { readonly total: number; readonly promised: number };

export type PlacementRequest = {
  readonly node?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  /** Absent: whichever the node can do. */
  readonly transport?: SeedTransport;
};

export type Verdict = {
  readonly node: string;
  readonly fits: boolean;
  /** Why not; empty when it fits. */
  readonly reasons: readonly string[];
  readonly freeMemoryBytes: number;
  readonly hasTemplate: boolean;
};

export type Placement = { readonly chosen?: string; readonly verdicts: readonly Verdict[] };

/** Within this share of the most free memory, a node that has the template already is preferred. */
const NEAR_TIE = 0.1;

/** Filters, then takes the node with the most free memory. `verdicts` says why, best first. */
export function place(candidates: readonly Candidate[], request: PlacementRequest): Placement {
  const verdicts = candidates
    .map((candidate) => judge(candidate, request))
    .sort(
      (a, b) =>
        Number(b.fits) - Number(a.fits) || b.freeMemoryBytes - a.freeMemoryBytes || compare(a.node, b.node),
    );
  const fitting = verdicts.filter((verdict) => verdict.fits);
  const floor = (fitting[0]?.freeMemoryBytes ?? 0) * (1 - NEAR_TIE);
  const prepared = fitting.find((verdict) => verdict.hasTemplate && verdict.freeMemoryBytes >= floor);
  return { chosen: (prepared ?? fitting[0])?.node, verdicts };
}

function judge(candidate: Candidate, request: PlacementRequest): Verdict {
  const freeMemoryBytes = free(candidate.memoryBytes);
  const reasons = candidate.unavailable === undefined ? misfits(candidate, request) : [candidate.unavailable];
  return {
    node: candidate.node,
    fits: reasons.length === 0,
    reasons,
    freeMemoryBytes,
    hasTemplate: candidate.hasTemplate,
  };
}

function misfits(candidate: Candidate, request: PlacementRequest): string[] {
  const labels = Object.entries(request.labels).filter(([key, value]) => candidate.labels[key] !== value);
  return [
    request.node !== undefined && request.node !== candidate.node && `${request.node} was asked for`,
    ...labels.map(([key, value]) => `it has no label ${key}=${value}`),
    candidate.architecture !== "x86_64" && `it is ${candidate.architecture}; templates are x86_64`,
    lacks("memory", candidate.memoryBytes, request.memoryBytes, formatGiB),
    lacks("disk", candidate.diskBytes, request.diskBytes, formatGiB),
    lacks("CPUs", candidate.cpus, request.cpus, String),
    request.transport === "http" &&
      !candidate.hasMetadataService &&
      `no metadata service: waifuctl node setup ${candidate.node}`,
    !candidate.hasFreeAddress && "its network has no free address left",
  ].filter((reason) => reason !== false);
}

function lacks(
  what: string,
  capacity: Capacity,
  wanted: number,
  format: (amount: number) => string,
): string | false {
  if (wanted <= free(capacity)) return false;
  return `${what}: ${format(wanted)} wanted, ${format(free(capacity))} of ${format(capacity.total)} free`;
}

function free(capacity: Capacity): number {
  return Math.max(0, capacity.total - capacity.promised);
}

function formatGiB(bytes: number): string {
  return `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
