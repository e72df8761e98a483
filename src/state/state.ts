import { type Audit, audit } from "./audit.ts";
import { backupDatabase } from "./backup.ts";
import { openDatabase, type Tell } from "./database.ts";
import { type SeenInstances, seenInstances } from "./instances.ts";
import { type Journal, journal } from "./journal.ts";
import { type Restarts, restarts } from "./restarts.ts";
import { type KeptSecrets, keptSecrets } from "./secrets.ts";
import { isDamage, suspect } from "./set-aside.ts";
import { stateError } from "./state-error.ts";
import { type Templates, templates } from "./templates.ts";

/** What waifuctl remembers beside the operator. Losing it loses no VM: the nodes hold the truth. */
export type State = {
  readonly instances: SeenInstances;
  readonly templates: Templates;
  readonly journal: Journal;
  readonly audit: Audit;
  readonly restarts: Restarts;
  readonly secrets: KeptSecrets;
  /** A whole copy, while others may write. Throws `exists`. */
  backup(to: string): void;
  close(): void;
};

export function openState(path: string, operator: string, now: () => Date, tell: Tell = () => {}): State {
  const database = openDatabase(path, tell);
  const kept = <T extends object>(part: T) => explained(part, path);
  return {
    instances: kept(seenInstances(database)),
    templates: kept(templates(database)),
    journal: kept(journal(database, operator, now)),
    audit: kept(audit(database)),
    restarts: kept(restarts(database)),
    secrets: kept(keptSecrets(database)),
    ...kept({ backup: (to: string) => backupDatabase(database, to) }),
    close: () => database.close(),
  };
}

/** The same, but what SQLite complains of while it is used comes as a `WaifuError`: a full disk, a damaged page. */
function explained<T extends object>(part: T, path: string): T {
  return new Proxy(part, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key);
      if (typeof member !== "function") return member;
      return (...values: unknown[]): unknown => {
        try {
          return Reflect.apply(member, target, values);
        } catch (error) {
          if (isDamage(error)) suspect(path);
          throw stateError(error, path);
        }
      };
    },
  });
}
