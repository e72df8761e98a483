import { recoveryCommand } from "./recovery-command.ts";

export const command = recoveryCommand("undo");
