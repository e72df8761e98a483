import { defineCommand, runMain } from "citty";

const hello = defineCommand({
  meta: { name: "hello", version: "1.0.0", description: "Say hello" },
  args: { name: { type: "positional", required: false, description: "Whom to greet" } },
  run({ args }) {
    console.log(`Hello ${args.name ?? "world"}`);
  },
});

await runMain(hello);
