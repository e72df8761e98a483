import { expect, test } from "bun:test";
import { decideRecovery, type Way } from "../../src/recovery/decide.ts";
import { thisProcess } from "../../src/state/living-process.ts";

function cutOff(verb: string) {
  const operation = { id: "3f9c21aa-1", verb, instance: "web", uuid: "u1", node: "n1", stages: [], stage: 0 };
  return { ...operation, ...thisProcess(), operator: "ana@desk", startedAt: "2026-01-01T00:00:00.000Z" };
}

test.each([
  ["create", "safe", "finish, or else undo, create web on n1"],
  ["finish create", "safe", "finish, or else undo, finish create web on n1"],
  ["undo create", "safe", "finish undo create web on n1"],
  ["delete", "safe", "finish delete web on n1"],
  ["start", "safe", "repeat start web on n1"],
  ["reinit", "safe", "finish reinit web on n1"],
  ["edit", "safe", "finish edit web on n1"],
  ["resize", "safe", "close resize web on n1"],
  ["secret set", "safe", "finish secret set web on n1"],
  ["prepare", "safe", "undo, or finish where the image was there, prepare web on n1"],
  ["template create", "safe", "undo template create web on n1"],
  ["template repair", "person", "repeat template repair web on n1"],
  ["template prune", "safe", "finish template prune web on n1"],
  ["node setup", "force", "repeat node setup web on n1"],
  ["reconcile autostart-lost", "safe", "close reconcile autostart-lost web on n1"],
  ["of a later waifuctl", "person", "look at of a later waifuctl web on n1"],
])("what reconcile does about %s is %s: %s", (verb, risk, title) => {
  expect(decideRecovery(cutOff(verb))).toMatchObject({ risk, title });
});

test.each<[string, Way, string]>([
  ["prepare", "resume", "finish prepare web on n1"],
  ["reboot", "resume", "repeat reboot web on n1"],
  ["create", "undo", "undo create web on n1"],
  ["start", "undo", "give up start web on n1"],
  ["of a later waifuctl", "undo", "give up of a later waifuctl web on n1"],
])("%s, as a person wishes, %s: %s", (verb, way, title) => {
  expect(decideRecovery(cutOff(verb), way).title).toBe(title);
});

test.each<[string, Way, string, string]>([
  ["delete", "undo", "delete web on n1 can't be undone", "waifuctl ops resume 3f9c21aa-1"],
  [
    "template create",
    "resume",
    "template create web on n1 can't be finished",
    "waifuctl ops undo 3f9c21aa-1",
  ],
])("%s: %s is refused with the other way", (verb, way, message, hint) => {
  expect(() => decideRecovery(cutOff(verb), way)).toThrow(
    expect.objectContaining({ code: "refused", message: expect.stringContaining(message), hint }),
  );
});
