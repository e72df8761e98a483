import { expect, test } from "bun:test";
import { join } from "node:path";
import { appliedSite, lab, labSite } from "../apply/lab-site.ts";

test("the plan is shown and asked about, then carried out on both nodes", async () => {
  using site = await labSite();
  const { cli, names, cluster, file } = site;
  const { stdout, stderr, questions, exitCode } = await cli(`apply -f ${file}`, {
    isTTY: true,
    answers: ["y"],
  });
  expect(exitCode).toBe(0);
  expect(questions).toEqual(["Do this: 3 to create?"]);
  expect(stderr.slice(0, stderr.indexOf("\n\n"))).toMatchInlineSnapshot(`
    "+ web-1 on n1
        template: tiny
        cpus: 1
        memory: 5GiB
        disk: 10GiB
    + web-2 on n2
        template: tiny
        cpus: 1
        memory: 5GiB
        disk: 10GiB
    + db on n1
        template: tiny
        cpus: 1
        memory: 5GiB
        disk: 10GiB"
  `);
  expect(stdout).toBe("3 of 3 done\n");
  expect(names().sort()).toEqual(["db on n1", "web-1 on n1", "web-2 on n2"]);
  const labels = cluster.state.instances.all().map(({ spec }) => spec.labels);
  expect(labels).toContainEqual({ role: "web", "waifu.apply": "lab" });
  expect(cluster.state.journal.open()).toEqual([]);
});

test("without a person to ask nothing is done", async () => {
  using site = await labSite();
  const { cli, names, changes, file } = site;
  expect(await cli(`apply -f ${file}`)).toMatchObject({ exitCode: 4 });
  expect(await cli(`apply -f ${file}`, { isTTY: true, answers: ["n"] })).toMatchObject({ exitCode: 4 });
  expect([names(), changes()]).toEqual([[], []]);
});

test("applied twice, nothing changes and no generation is added", async () => {
  using site = await appliedSite();
  const { cli, changes, nodes, file } = site;
  const seeds = () => nodes.map(({ seeds }) => [...seeds]);
  const before = seeds();
  expect(await cli(`apply -f ${file} --yes`)).toMatchObject({
    stdout: "Nothing to do: 3 as described.\n",
    exitCode: 0,
  });
  expect(await cli(`diff -f ${file}`)).toMatchObject({ exitCode: 0 });
  expect([changes(), seeds()]).toEqual([[], before]);
});

test("what is exported is as described, from standard output to a file", async () => {
  using site = await appliedSite();
  const { cli } = site;
  const { stdout } = await cli("export");
  expect(stdout).toContain('[[instance]]\nname = "db"\ntemplate = "tiny@aaaaaaaaaaaaaaaa"\n');
  expect(stdout).not.toContain("waifu.apply");
  const exported = join(site.folder, "export.toml");
  await Bun.write(exported, stdout);
  expect(await cli(`diff -f ${exported}`)).toMatchObject({
    stdout: "Nothing to do: 3 as described.\n",
    exitCode: 0,
  });
  expect((await cli("export web-2")).stdout).toStartWith('[[instance]]\nname = "web-2"\n');
  expect(await cli("export web-3")).toMatchObject({ exitCode: 4 });
});

test("in place: labels, restart policy and user-data", async () => {
  using site = await appliedSite();
  const { cli, changes, nodes, cluster, file } = site;
  await Bun.write(file, lab.replace('role = "web" }', 'role = "www" }\nrestart = "always"'));
  await Bun.write(site.userDataFile, "#cloud-config\npackages: [git, curl]\n");
  const { stdout, exitCode } = await cli(`diff -f ${file}`);
  expect(exitCode).toBe(9);
  expect(stdout).toMatchInlineSnapshot(`
    "~ web-1 on n1
        restart: on-failure → always
        labels.role: web → www
    ~ web-2 on n2
        restart: on-failure → always
        labels.role: web → www
    ~ db on n1
        user_data: generation 1 → generation 2, which its guest reads at its next start after a stop
            @@ -1,2 +1,2 @@
             #cloud-config
            -packages: [git]
            +packages: [git, curl]

    3 to change.
    "
  `);
  const [web] = JSON.parse((await cli(`diff -f ${file} --json`)).stdout).changes;
  expect(web).toEqual({
    name: "web-1",
    action: "change",
    node: "n1",
    what: [
      { field: "restart", from: "on-failure", to: "always" },
      { field: "labels.role", from: "web", to: "www" },
    ],
  });
  expect(changes()).toEqual([]);
  expect(await cli(`apply -f ${file} --yes`)).toMatchObject({ exitCode: 0 });
  const specs = cluster.state.instances.all().map(({ spec }) => spec);
  expect(
    specs.map(({ name, generation, restart, labels }) => [name, generation, restart, labels.role]),
  ).toEqual([
    ["db", 2, undefined, undefined],
    ["web-1", 1, "always", "www"],
    ["web-2", 1, "always", "www"],
  ]);
  expect(nodes.flatMap(({ seeds }) => [...seeds.values()]).join()).toContain("[git, curl]");
  changes();
  expect(await cli(`apply -f ${file} --yes`)).toMatchObject({ exitCode: 0 });
  expect(changes()).toEqual([]);
});

test("CPUs and memory: the guest is stopped, its definition changed and no more, and started", async () => {
  using site = await appliedSite();
  const { cli, changes, cluster, file } = site;
  await Bun.write(file, lab.replace('name = "db"', 'name = "db"\ncpus = 3'));
  expect(await cli(`apply -f ${file} --yes`)).toMatchObject({ exitCode: 0 });
  const words = changes().map((line) => / (shutdown|set\w+|metadata|start|define) /.exec(line)?.[1]);
  const steps = words.filter((word) => word !== undefined);
  expect(steps).toEqual(["shutdown", "setvcpus", "setvcpus", "setmaxmem", "setmem", "metadata", "start"]);
  expect(cluster.state.instances.all().map(({ spec }) => spec.cpus)).toEqual([3, 1, 1]);
  expect(await cli(`diff -f ${file}`)).toMatchObject({ exitCode: 0 });
});

test("--prune deletes what is described no more, and nothing without a set", async () => {
  using site = await appliedSite();
  const { cli, names, file } = site;
  const fewer = lab.replace("count = 2", "count = 1");
  await Bun.write(file, fewer);
  expect(await cli(`apply -f ${file} --yes`)).toMatchObject({ exitCode: 0 });
  expect(names()).toHaveLength(3);
  const { stdout } = await cli(`apply -f ${file} --prune --dry-run`);
  expect(stdout).toBe("- web-2 on n2, with its disk\n\n1 to delete, 2 as described.\n");
  expect(await cli(`apply -f ${file} --prune --yes`)).toMatchObject({ exitCode: 0 });
  expect(names().sort()).toEqual(["db on n1", "web-1 on n1"]);
  await Bun.write(file, fewer.replace('set = "lab"', ""));
  expect(await cli(`apply -f ${file} --prune --yes`)).toMatchObject({ exitCode: 2 });
});

test("what would have to be made anew is refused as a whole; --replace does it", async () => {
  using site = await appliedSite();
  const { cli, changes, cluster, file } = site;
  const uuids = () => cluster.state.instances.all().map(({ spec }) => spec.uuid);
  const before = uuids();
  await Bun.write(
    file,
    lab.replace('name = "db"', 'name = "db"\ndisk = "20G"').replace('role = "web"', 'role = "www"'),
  );
  const { stderr, exitCode } = await cli(`apply -f ${file} --yes`);
  expect(stderr).toContain("db can't change its disk: it would have to be made anew");
  expect([exitCode, changes()]).toEqual([4, []]);
  expect((await cli(`diff -f ${file} --replace`)).stdout).toStartWith("~ web-1 on n1\n");
  expect(await cli(`apply -f ${file} --replace --yes`)).toMatchObject({ exitCode: 0 });
  const [db, ...webs] = uuids();
  expect(webs).toEqual(before.slice(1));
  expect(db).not.toBe(before[0]);
  expect(await cli(`diff -f ${file}`)).toMatchObject({ exitCode: 0 });
});
