import { downLab, upLab } from "./namespace-lab.ts";

const [verb, name = "dev"] = process.argv.slice(2);
if (verb === "up") {
  const t = performance.now();
  const lab = await upLab(name, ["n1", "n2"], console.error);
  console.log(lab.clusterToml(), performance.now() - t);
}
if (verb === "down") await downLab(name);
