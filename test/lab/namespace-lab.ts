import { mkdir, readdir, rename, rm } from "node:fs/promises"
import { networkInterfaces } from "node:os"
import { join } from "node:path"
import { withLock } from "./lock.ts"
import { attachNode, destroyNode, isRunning, type LabNode, startNode } from "./node.ts"
import { cacheDir, identityFile, labDir, nodeDiskDir, runDir } from "./paths.ts"
import { LabError, must } from "./run.ts"
import { createSwitch, destroySwitch, FIRST_NODE, netsInUse, type Switch, subnetAddress } from "./switch.ts"

/** A running lab, as tests and the command line see it. */
export type Lab = {
  name: string
  nodes: LabNode[]
  /** The cluster.toml that describes these nodes. */
  clusterToml(): string
}

/** What a lab's folder in /run remembers; the namespaces themselves are the truth about what runs. */
type LabRecord = Switch & { nodes: { name: string; host: number }[] }

type Report = (line: string) => void
const quiet: Report = () => {}

/** Boots a lab with these nodes, or those of them that are missing. Repeating it changes nothing. */
export async function upLab(name: string, nodeNames: string[], report: Report = quiet): Promise<Lab> {
  for (const word of [name, ...nodeNames]) checkName(word)
  await checkPrivileges()
  await makeIdentity()
  await withLock(lockFile(name), async () => {
    const record = await claim(name, nodeNames)
    await createSwitch(record)
    const starts = record.nodes.map(async (node) => {
      const startedAt = performance.now()
      if (await isRunning(record, node.name)) return
      await startNode(record, node.name, node.host)
      report(`node ${node.name} is up at ${subnetAddress(record.number, node.host)} (${seconds(startedAt)})`)
    })
    const failures = (await Promise.allSettled(starts)).filter((result) => result.status === "rejected")
    if (failures.length > 0) throw new LabError(failures.map((failure) => String(failure.reason)).join("\n"))
  })
  return attachLab(name)
}

/** A lab that some other process has brought up. */
export async function attachLab(name: string): Promise<Lab> {
  const record = await readRecord(name)
  if (!record) throw new LabError(`lab ${name} is not up: npm run lab -- up --name ${name}`)
  const nodes = await Promise.all(record.nodes.map((node) => attachNode(record, node.name, node.host)))
  return { name, nodes, clusterToml: () => nodes.map(nodeToml).join("\n") }
}

/** Ends a lab without a trace. Harmless if it isn't up. */
export async function downLab(name: string): Promise<void> {
  const record = await readRecord(name)
  if (!record) return
  await withLock(lockFile(name), async () => {
    await Promise.all(record.nodes.map((node) => destroyNode(record, node.name)))
    await destroySwitch(record)
    await rm(join(cacheDir, "labs", name), { recursive: true, force: true })
    await rm(labDir(name), { recursive: true, force: true })
  })
}

export async function listLabs(): Promise<string[]> {
  const entries = await readdir(runDir, { withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name).sort()
}
