import type { Survey } from "../nodes/survey.ts";

/** The node as it is written, what it has, and what is wrong with it. */
export function surveyJson({ table, facts, problems }: Survey) {
  const told = problems.map(({ code, message, hint }) => ({ code, message, hint }));
  return { ...table, facts, problems: told };
}

type Start = { readonly path: string; readonly isFound: boolean; readonly surveys: readonly Survey[] };

/** Where the file is, and what to try with it. */
export function renderStart({ path, isFound, surveys }: Start, template = "debian-12"): string {
  const cluster = isFound ? "" : ` --cluster ${path}`;
  const keys = surveys.some(({ table }) => table.host_key) ? ", which pins the host keys of its nodes" : "";
  return `Wrote ${path}${keys}

Next:
  waifuctl node list${cluster}
  waifuctl template add ${template}${cluster}
  waifuctl create --template ${template}${cluster}
`;
}
