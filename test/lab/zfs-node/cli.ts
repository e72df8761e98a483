import { attachZfsNode, buildZfsNode, startZfsNode, stopZfsNode, type ZfsNode } from "./zfs-node.ts";

const usage =
  "usage: bun test/lab/zfs-node/cli.ts build | up LAB NAME [ADDRESS] | show LAB NAME | run LAB NAME PROGRAM… | down LAB NAME";

const print = (node: ZfsNode) => console.log(JSON.stringify(node, undefined, 2));

const [verb, lab = "", name = "", ...program] = process.argv.slice(2);
if (verb === "build") await buildZfsNode();
else if (!lab || !name) throw new Error(usage);
else if (verb === "up") print(await startZfsNode(lab, name, program[0]));
else if (verb === "show") print(await attachZfsNode(lab, name));
else if (verb === "down") await stopZfsNode(lab, name);
else if (verb === "run") {
  const node = await attachZfsNode(lab, name);
  const { exitCode, stdout, stderr } = await node.exec(program);
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  process.exitCode = exitCode;
} else throw new Error(usage);
