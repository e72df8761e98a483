/** 52:54:00 is QEMU's own prefix; the rest comes from the uuid, so that the address can be found from it. */
export function macOf(uuid: string): string {
  const tail = uuid.replaceAll("-", "").slice(-6);
  return `52:54:00:${tail.slice(0, 2)}:${tail.slice(2, 4)}:${tail.slice(4, 6)}`;
}
