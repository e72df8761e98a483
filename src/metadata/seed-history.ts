import type { SeedRequest } from "./seed-request.ts";

/** What an operator made of a guest's user-data at one time. */
export type SeedGeneration = {
  readonly generation: number;
  readonly userData: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** user@host */
  readonly createdBy: string;
};

/**
 * All that it takes to make an instance's seed anew, with the user-data of its last generations: what the node keeps, for root alone, so
 * that any operator can edit it.
 */
export type SeedHistory = Omit<SeedRequest, "generation" | "userData"> & {
  readonly current: SeedGeneration;
  /** Newest first. */
  readonly earlier: readonly SeedGeneration[];
};

const MOST_EARLIER = 19;
/** Of all but the newest of them. The history is sent whole with each edit. */
const MOST_CHARACTERS = 1024 ** 2;

/** The history with one more generation; the oldest may fall off, but never the one before. */
export function addGeneration(history: SeedHistory, added: Omit<SeedGeneration, "generation">): SeedHistory {
  const { current, earlier } = history;
  let left = MOST_CHARACTERS;
  const kept = earlier.slice(0, MOST_EARLIER - 1).filter(({ userData }) => {
    left -= userData.length;
    return left >= 0;
  });
  return {
    ...history,
    // First, so that it can be found without reading the text that follows.
    current: { generation: current.generation + 1, ...added },
    earlier: [current, ...kept],
  };
}

/** Reads it as it was kept; undefined when that is damaged. */
export function parseHistory(json: string): SeedHistory | undefined {
  try {
    const history: unknown = JSON.parse(json);
    return isHistory(history) ? history : undefined;
  } catch {
    return undefined;
  }
}

function isHistory(value: unknown): value is SeedHistory {
  return (
    isRecord(value) &&
    typeof value.uuid === "string" &&
    typeof value.hostname === "string" &&
    Array.isArray(value.sshKeys) &&
    isGeneration(value.current) &&
    Array.isArray(value.earlier) &&
    value.earlier.every(isGeneration)
  );
}

function isGeneration(value: unknown): value is SeedGeneration {
  return isRecord(value) && typeof value.generation === "number" && typeof value.userData === "string";
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
