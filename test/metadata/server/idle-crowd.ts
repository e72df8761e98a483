/** `bun idle-crowd.ts URL COUNT`: so many connections that never ask anything; tells when the server has them all. Ends when it is killed. */
export {};

const [url = "", count = ""] = process.argv.slice(2);
const { hostname, port } = new URL(url);
const fewerThanBacklog = 200;

for (let left = Number(count); left > 0; left -= fewerThanBacklog) {
  const opening = Array.from({ length: Math.min(left, fewerThanBacklog) }, () =>
    // Of those that say nothing at all the kernel hands some on later.
    Bun.connect({
      hostname,
      port: Number(port),
      socket: { open: (socket) => void socket.write("G"), data() {} },
    }),
  );
  await Promise.all(opening);
  // Once a later one is answered, these were let in.
  await fetch(url, { headers: { Connection: "close" } });
}
console.log("all are there");
