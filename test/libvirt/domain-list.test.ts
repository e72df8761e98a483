import { expect, test } from "bun:test";
import { isActive, parseDomains } from "../../src/libvirt/domain-list.ts";
import { metadataElement } from "../../src/libvirt/metadata.ts";
import { spec } from "../spec.ts";

// As `virsh` 9.0.0 prints it: one foreign domain, one of ours (its metadata element is printed without the prefix), one that went away.
const printed = `@5819e480-7433-4a6f-9944-a09e384cfad6

Domain: 'q35'
  state.state=1
  state.reason=1
  balloon.current=196608
  balloon.maximum=196608
  balloon.rss=58836
  vcpu.current=1
  vcpu.maximum=1
  vcpu.0.state=1

@${spec.uuid}
${metadataElement(spec).replace("<waifu:instance", "<instance").replace("xmlns:waifu", "xmlns").replace("</waifu:", "</")}

Domain: '${spec.name}'
  state.state=5
  state.reason=0
  balloon.maximum=1048576
  vcpu.current=2
  vcpu.maximum=2

@00000000-0000-4000-8000-000000000009
@autostart
${spec.uuid}

@end
`;

test("domains come with their figures, ours with its spec", () => {
  expect(parseDomains(printed)).toEqual([
    {
      uuid: "5819e480-7433-4a6f-9944-a09e384cfad6",
      name: "q35",
      state: "running",
      offReason: undefined,
      hasAutostart: false,
      cpus: 1,
      memoryBytes: 196608 * 1024,
      spec: undefined,
    },
    {
      uuid: spec.uuid,
      name: spec.name,
      state: "stopped",
      offReason: "unknown",
      hasAutostart: true,
      cpus: 2,
      memoryBytes: 1024 ** 3,
      spec,
    },
  ]);
});

test("a node without domains prints nothing", () => {
  expect(parseDomains("")).toEqual([]);
});

test("a stopped domain takes no memory, a paused one does", () => {
  expect([isActive("stopped"), isActive("crashed"), isActive("paused"), isActive("running")]).toEqual([
    false,
    false,
    true,
    true,
  ]);
});
