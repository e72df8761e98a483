import { expect, test } from "bun:test";
import { Slots } from "../../src/ssh/slots.ts";

test("no more than the limit at once, in order", async () => {
  const slots = new Slots(2);
  let running = 0;
  const order: number[] = [];
  const most: number[] = [];
  await Promise.all(
    [0, 1, 2, 3, 4, 5].map(async (index) => {
      const release = await slots.take();
      order.push(index);
      most.push(++running);
      await new Promise(setImmediate);
      running--;
      release();
      release();
    }),
  );
  expect(Math.max(...most)).toBe(2);
  expect(order).toEqual([0, 1, 2, 3, 4, 5]);
});

test("an aborted waiter leaves the queue", async () => {
  const slots = new Slots(1);
  const release = await slots.take();
  const abort = new AbortController();
  const waiting = slots.take(abort.signal);
  const next = slots.take();
  abort.abort();
  expect(waiting).rejects.toMatchObject({ code: "interrupted" });
  release();
  (await next)();
  expect(slots.take(abort.signal)).rejects.toMatchObject({ code: "interrupted" });
});

test("a refused holder shrinks the limit to the others", async () => {
  const slots = new Slots(8);
  const first = await slots.take();
  const refused = await slots.take();
  expect(slots.shrink()).toBe(true);
  refused();
  let isThrough = false;
  const third = slots.take().then((release) => {
    isThrough = true;
    return release;
  });
  await new Promise(setImmediate);
  expect(isThrough).toBe(false);
  first();
  await third;
  expect(slots.shrink()).toBe(false);
});
