import type { HostKey } from "./host-key.ts";

/** All that a seed is made of. */
export type SeedRequest = {
  readonly uuid: string;
  readonly generation: number;
  readonly hostname: string;
  /** Public keys of the default user. */
  readonly sshKeys: readonly string[];
  /** Used as it is. Its `users`, if it has any, replace ours. */
  readonly userData: string;
  /** Absent when the user-data brings host keys of its own. */
  readonly hostKey?: HostKey;
  /** Of a guest that is served over HTTP: there it tells when it is ready. */
  readonly token?: string;
  readonly networkConfig?: string;
};
