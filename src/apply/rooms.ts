import { noFit } from "../instances/no-fit.ts";
import { toCandidate, unavailableCandidate } from "../nodes/candidate.ts";
import { type Candidate, type PlacementRequest, place } from "../placement/place.ts";
import type { Actual, Sight } from "./sight.ts";

type Load = Pick<PlacementRequest, "cpus" | "memoryBytes" | "diskBytes">;

/** The room that nodes have left, while one change after another is decided. */
export type Rooms = {
  /** An instance goes, or is about to be measured anew. */
  leave(actual: Actual): void;
  /** Gives the node that was chosen. Throws `no-fit` with each node's reason. */
  take(name: string, request: PlacementRequest & { readonly digest?: string }): string;
};

export function roomsOf({ probes, failures }: Pick<Sight, "probes" | "failures">): Rooms {
  const taken = new Map<string, Load & { readonly instances: number }>();
  const add = (node: string, sign: 1 | -1, load: Load) => {
    const sum = taken.get(node) ?? { cpus: 0, memoryBytes: 0, diskBytes: 0, instances: 0 };
    taken.set(node, {
      cpus: sum.cpus + sign * load.cpus,
      memoryBytes: sum.memoryBytes + sign * load.memoryBytes,
      diskBytes: sum.diskBytes + sign * load.diskBytes,
      instances: sum.instances + sign,
    });
  };
  const loaded = (candidate: Candidate): Candidate => {
    const load = taken.get(candidate.node);
    if (load === undefined) return candidate;
    const promise = (capacity: Candidate["cpus"], more: number) => ({
      ...capacity,
      promised: capacity.promised + more,
    });
    return {
      ...candidate,
      cpus: promise(candidate.cpus, load.cpus),
      memoryBytes: promise(candidate.memoryBytes, load.memoryBytes),
      diskBytes: promise(candidate.diskBytes, load.diskBytes),
      // Whoever goes leaves an address behind.
      hasFreeAddress: candidate.hasFreeAddress || load.instances < 0,
    };
  };
  return {
    leave: ({ node, spec, cpus, memoryBytes }) =>
      add(node.name, -1, { cpus, memoryBytes, diskBytes: spec.diskBytes }),
    take(name, { digest, ...request }) {
      const candidates = [
        ...probes.map((probe) => loaded(toCandidate(probe, digest))),
        ...failures.map(({ node, error }) => unavailableCandidate(node, error)),
      ];
      const placement = place(candidates, request);
      if (placement.chosen === undefined) {
        throw noFit(name, placement, { answers: probes, failures }, request.node);
      }
      add(placement.chosen, 1, request);
      return placement.chosen;
    },
  };
}
