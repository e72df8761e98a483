import { offerHostKey } from "../../nodes/trust.ts";
import { defineCommand, destroys } from "../define-command.ts";

export const command = defineCommand({
  examples: ["waifuctl node trust alpha"],
  args: { name: { type: "positional", description: "Node" }, ...destroys },
  async run({ name }, { deps, confirm, print }) {
    const { accept, ...offer } = await offerHostKey(await deps(), name);
    if (offer.isKnown) return print(offer, `The host key of ${name} is known already: ${offer.shown}\n`);
    await confirm(
      `Node ${name} shows ${offer.shown}. Is that what the machine itself says (ssh-keygen -lf /etc/ssh/ssh_host_*.pub)?`,
    );
    const file = await accept();
    print({ ...offer, file }, `The host key of ${name} is trusted from now on (${file})\n`);
  },
});
