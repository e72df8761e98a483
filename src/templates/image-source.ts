import { isAbsolute } from "node:path";
import { type Command, type CommandResult, repeatable } from "../command.ts";
import type { NodeConfig } from "../config/cluster-config.ts";
import { toWaifuError, WaifuError } from "../errors.ts";
import type { Cluster } from "../nodes/cluster.ts";
import { onEveryNode } from "../nodes/fan-out.ts";
import type { Watch } from "../nodes/run-plan.ts";
import type { RemoteProcess } from "../ssh/runner.ts";
import { fetchImage, fetchStatus, parseFetchProgress } from "../storage/fetch-image.ts";
import { lookAtImage, parseImageLook } from "../storage/image-look.ts";
import { imagePath } from "../storage/node-files.ts";
import type { ImageOnNode } from "./image-disk.ts";
import type { ResolvedTemplate } from "./resolve.ts";
import { lacksRoom } from "./room.ts";
import { algorithmOf } from "./versions.ts";

/** Another node that has the image file. */
export type Peer = { readonly node: NodeConfig; readonly imageBytes?: number };

export type Origin = "url" | "file";

/** The nodes that keep the image file; one that does not answer has none to give. */
export async function findPeers(cluster: Cluster, digest: string, { signal }: Watch): Promise<Peer[]> {
  const { answers } = await onEveryNode(cluster.config.nodes, async (node) => {
    const runner = await cluster.connect(node);
    return { node, ...parseImageLook(await runner.run(lookAtImage(imagePath(digest)), signal)) };
  });
  return answers.flatMap(({ node, imageBytes }) => (imageBytes === undefined ? [] : [{ node, imageBytes }]));
}

/** Where the image comes from when no node has it. */
export function originOf({ source = "" }: ResolvedTemplate): Origin | undefined {
  if (isAbsolute(source)) return "file";
  return /^https?:/i.test(source) ? "url" : undefined;
}

/** Throws `refused` when nobody can say where the image is. */
export function fetchFromOrigin(template: ResolvedTemplate): Command {
  const { name, digest, source = "" } = template;
  const origin = originOf(template);
  if (origin === undefined) {
    throw new WaifuError(
      "refused",
      `no node that answers has the image of template ${name}, and its source is not known here`,
      {
        hint: `Choose a node that has the template (waifuctl template list), or add it here: waifuctl template add ${name} URL --${algorithmOf(digest)} ${digest}`,
      },
    );
  }
  return fetchImage(
    imagePath(digest),
    digest,
    origin === "file" ? { stdin: { path: source } } : { url: source },
  );
}

export function fetchFromPeer({ digest }: ResolvedTemplate, peer: Peer): Command {
  return fetchImage(imagePath(digest), digest, {
    stdin: { node: peer.node.name, argv: ["cat", imagePath(digest)] },
  });
}

/** Fetches from the URL, or from the file beside the operator. Throws `digest-mismatch`, `refused` for lack of room, `remote-failed`. */
export async function bringFromOrigin(image: ImageOnNode, template: ResolvedTemplate): Promise<void> {
  const { runner, signal } = image;
  const result = await runner.run(fetchFromOrigin(template), signal, {
    onOutput: progressOf(image, template.imageBytes),
  });
  if (result.exitCode !== 0) throw fetchError(image.node, template, template.source ?? "", result);
}

/** The bytes of the image that a node keeps, as its stream; the caller closes it. A lost link is an error of the stream. */
export async function sendImage(cluster: Cluster, node: NodeConfig, digest: string): Promise<RemoteProcess> {
  const sender = await (await cluster.connect(node)).start(repeatable(["cat", imagePath(digest)]));
  // It reads nothing; that its end was not said first would count as a broken stream.
  sender.stream.end();
  sender.stderr?.resume();
  sender.exited.catch((error: unknown) => sender.stream.destroy(toWaifuError(error)));
  return sender;
}

/** Through the operator's own connections. Throws like `bringFromOrigin`, and when the peer is lost. */
export async function bringFromPeer(
  cluster: Cluster,
  image: ImageOnNode,
  template: ResolvedTemplate,
  peer: Peer,
): Promise<void> {
  const { runner, signal } = image;
  const sender = await sendImage(cluster, peer.node, template.digest);
  try {
    const streams = { stdin: sender.stream, onOutput: progressOf(image, peer.imageBytes) };
    const result = await runner.run(fetchFromPeer(template, peer), signal, streams);
    if (result.exitCode !== 0) throw fetchError(image.node, template, `node ${peer.node.name}`, result);
  } finally {
    sender.close();
  }
}

function progressOf({ report }: ImageOnNode, knownBytes: number | undefined): (chunk: Buffer) => void {
  let printed = "";
  return (chunk) => {
    printed = (printed + chunk.toString("latin1")).slice(-256);
    const progress = parseFetchProgress(printed);
    if (progress !== undefined) report.update({ ...progress, totalBytes: progress.totalBytes ?? knownBytes });
  };
}

function fetchError(
  node: NodeConfig,
  { name, digest }: ResolvedTemplate,
  source: string,
  { exitCode, stderr }: CommandResult,
): WaifuError {
  const said = stderr.trim().split("\n").at(-1) || `exit status ${exitCode}`;
  const details = { node: node.name, instance: name };
  switch (exitCode) {
    case fetchStatus.wrongDigest:
      return new WaifuError(
        "digest-mismatch",
        `the image of template ${name} at ${source} is not the one that was added: ${said}`,
        {
          ...details,
          hint: `If the new image is right: waifuctl template update ${name}, or waifuctl template add ${name} ${source} --${algorithmOf(digest)} DIGEST (was ${digest})`,
        },
      );
    case fetchStatus.noRoom:
      return lacksRoom(node, name, said.replace(/^no room: /, ""));
    case fetchStatus.noSource:
      return failure(
        `See whether it is still there (curl -I ${source}), or take a newer version: waifuctl template update ${name}`,
      );
    case fetchStatus.noServer:
      return failure(`See whether ${node.name} can reach it, and try again.`);
    case fetchStatus.cutOff:
      return failure("Try again later, or add the template from another mirror.");
    default:
      return failure("See what was run with --verbose.");
  }

  function failure(hint: string): WaifuError {
    const message = `fetching the image of template ${name} from ${source} failed on node ${node.name}: ${said}`;
    return new WaifuError("remote-failed", message, { ...details, hint });
  }
}
