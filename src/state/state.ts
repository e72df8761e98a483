import { openDatabase } from "./database.ts";
import { type SeenInstances, seenInstances } from "./instances.ts";
import { type Journal, journal } from "./journal.ts";
import { type KeptSecrets, keptSecrets } from "./secrets.ts";
import { type Templates, templates } from "./templates.ts";

/** What waifuctl remembers beside the operator. Losing it loses no VM: the nodes hold the truth. */
export type State = {
  readonly instances: SeenInstances;
  readonly templates: Templates;
  readonly journal: Journal;
  readonly secrets: KeptSecrets;
  close(): void;
};

export function openState(path: string, operator: string, now: () => Date): State {
  const database = openDatabase(path);
  return {
    instances: seenInstances(database),
    templates: templates(database),
    journal: journal(database, operator, now),
    secrets: keptSecrets(database),
    close: () => database.close(),
  };
}
