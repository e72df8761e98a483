import type { Command, CommandResult } from "../src/command.ts";
import { LocalRunner } from "../src/ssh/local-runner.ts";
import type { RemoteProcess, RunStreams } from "../src/ssh/runner.ts";

/** This machine as one of several nodes: what waifuctl keeps in fixed places lies in a folder of the node's own. */
export class RootedRunner extends LocalRunner {
  /** Every command that was run, as one line each, in order. */
  readonly ran: string[];
  readonly #root: string;

  constructor(node: string, root: string) {
    const ran: string[] = [];
    super({ node, onCommand: ({ argv }) => void ran.push(argv.join(" ")) });
    this.ran = ran;
    this.#root = root;
  }

  protected override execute(
    command: Command,
    signal?: AbortSignal,
    streams?: RunStreams,
  ): Promise<CommandResult> {
    return super.execute(this.#move(command), signal, streams);
  }

  override start(command: Command): Promise<RemoteProcess> {
    return super.start(this.#move(command));
  }

  #move(command: Command): Command {
    const move = (text: string) =>
      text.replaceAll("/var/lib/waifu", `${this.#root}/waifu`).replaceAll("/run/lock", `${this.#root}/lock`);
    const [program, ...args] = command.argv;
    const stdin = typeof command.stdin === "string" ? move(command.stdin) : command.stdin;
    return { ...command, argv: [program, ...args.map(move)], stdin };
  }
}
