import { WaifuError } from "../errors.ts";
import { introduce, type Trust } from "../nodes/init.ts";
import { parseNode, parseStorage, type SharedKeys, withShared } from "../nodes/node-words.ts";
import {
  type Choose,
  checkTable,
  chooseFirst,
  type NodeTable,
  type Setup,
  type Survey,
} from "../nodes/survey.ts";
import type { Terminal } from "../terminal/terminal.ts";

export type Questions = {
  readonly terminal: Terminal;
  readonly shared: SharedKeys;
  readonly trust: Trust;
};

/** Asks for one node after the other, each looked at before the next question about it. */
export async function askNodes(setup: Setup, questions: Questions): Promise<Survey[]> {
  const { terminal, trust } = questions;
  const surveys: Survey[] = [];
  do {
    const table = await askNode(setup, questions, surveys);
    const choose = askRest(setup, terminal);
    const [survey] = await introduce(setup, [table], { trust, choose });
    if (survey === undefined) continue;
    const isKept =
      survey.problems.length === 0 || (await terminal.confirm(`Keep ${table.name} all the same?`));
    if (isKept) surveys.push(survey);
  } while (surveys.length === 0 || (await terminal.confirm("One more node?")));
  return surveys;
}

async function askNode(
  setup: Setup,
  { terminal, shared }: Questions,
  known: readonly Survey[],
): Promise<NodeTable> {
  const ask = asker(setup, terminal);
  const table = await ask(
    "Node, as [USER@]HOST[:PORT] or local",
    known.length === 0 ? "local" : undefined,
    (word) => checkTable(setup, withShared(parseNode(word), shared)),
  );
  const name = await ask("Name", table.name, (word) => {
    if (known.some((survey) => survey.table.name === word)) throw new WaifuError("usage", `${word} is taken`);
    return checkTable(setup, { ...table, name: word }).name;
  });
  if (table.local || table.user !== undefined) return { ...table, name };
  const usual = (await setup.dialer.resolve({ address: table.address ?? "" })).user;
  // What ssh would do anyway need not be written down.
  return ask("Log in as", usual, (user) =>
    checkTable(setup, { ...table, name, user: user === usual ? undefined : user }),
  );
}

function askRest(setup: Setup, terminal: Terminal): Choose {
  const ask = asker(setup, terminal);
  return async (table, offers) => {
    const { pools, networks, bridges } = offers;
    const likely = chooseFirst(table, offers);
    let chosen = table;
    if (table.storage === undefined) {
      const places = [...pools.map((pool) => `zfs:${pool}`), "dir:/PATH"].join(", ");
      const usual =
        likely.storage?.pool === undefined ? `dir:${likely.storage?.path}` : `zfs:${likely.storage.pool}`;
      chosen = await ask(`Storage (${places})`, usual, (word) =>
        checkTable(setup, { ...table, storage: parseStorage(word) }),
      );
    }
    if (table.network !== undefined || table.bridge !== undefined) return chosen;
    const names = [...networks, ...bridges].join(", ") || "none found";
    return ask(`Network or bridge (${names})`, likely.network ?? likely.bridge, (word) =>
      checkTable(setup, { ...chosen, ...(bridges.includes(word) ? { bridge: word } : { network: word }) }),
    );
  };
}

/** Asks until the answer can be understood; an empty one means the usual. */
function asker({ reporter }: Setup, terminal: Terminal) {
  return async <T>(question: string, usual: string | undefined, parse: (answer: string) => T): Promise<T> => {
    const text = usual === undefined ? `${question}:` : `${question} [${usual}]:`;
    for (;;) {
      const answer = (await terminal.ask(text)).trim();
      try {
        return parse(answer || (usual ?? ""));
      } catch (error) {
        if (!(error instanceof WaifuError) || error.code !== "usage") throw error;
        reporter.warn(error.hint === undefined ? error.message : `${error.message}. ${error.hint}`);
      }
    }
  };
}
