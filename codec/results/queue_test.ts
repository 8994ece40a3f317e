import { assertEquals, assertThrows } from "@std/assert";
import { encodePacket } from "../v2/encoder.ts";
import { decodePacket } from "../v2/packet.ts";
import { type RunMessage, RunQueue, toQueue } from "./queue.ts";

const stopOf = (routeCode: string): RunMessage => ({ type: "stop", routeCode });

Deno.test("toQueue's messages can be cloned, and own their bytes", () => {
  const messages: RunMessage[] = [];
  const sink = toQueue(messages, "0");
  const bytes = encodePacket({
    testId: "a",
    routeCode: "1",
    fileName: "log",
    fileBytes: Uint8Array.of(7),
    runnable: true,
  });
  sink.start();
  sink.status(decodePacket(bytes));
  sink.status({ testId: "b", runnable: true });
  sink.stop();
  bytes.fill(0);
  const events = structuredClone(messages).map((message) =>
    message.type === "status"
      ? [message.event.testId, message.event.routeCode, message.event.fileBytes]
      : [message.type, message.routeCode]
  );
  assertEquals(events, [
    ["start", "0"],
    ["a", "0/1", Uint8Array.of(7)],
    ["b", "0", undefined],
    ["stop", "0"],
  ]);
});

Deno.test("RunQueue passes messages on in order, before and after they are asked for", async () => {
  const queue = new RunQueue();
  queue.push(stopOf("0"));
  const read = [queue.next(), queue.next(), queue.next(), queue.next()];
  queue.push(stopOf("1"));
  queue.push(stopOf("2"));
  queue.close();
  assertEquals(await Promise.all(read), [
    { value: stopOf("0"), done: false },
    { value: stopOf("1"), done: false },
    { value: stopOf("2"), done: false },
    { value: undefined, done: true },
  ]);
  assertThrows(() => queue.push(stopOf("3")), TypeError, "closed");
});

Deno.test("RunQueue is closed once what waits in it has been read", async () => {
  const queue = new RunQueue();
  for (let i = 0; i < 1000; i++) queue.push(stopOf(`${i}`));
  queue.close();
  const read: RunMessage[] = [];
  for await (const message of queue) {
    read.push(message);
    assertEquals(queue.size, 1000 - read.length);
  }
  assertEquals(read, Array.from({ length: 1000 }, (_, i) => stopOf(`${i}`)));
});

/**
 * Whether a promise is pending: all that is settled has been taken before the
 * next timer, however slow the machine is.
 */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const settled = promise.then(() => false);
  return await Promise.race([
    settled,
    new Promise<boolean>((resolve) => setTimeout(() => resolve(true))),
  ]);
}

Deno.test("RunQueue's ready is pending while the queue is full", async () => {
  const queue = new RunQueue({ capacity: 2 });
  queue.push(stopOf("0"));
  assertEquals(await isPending(queue.ready), false);
  queue.push(stopOf("1"));
  const ready = [queue.ready, queue.ready];
  for (const promise of ready) assertEquals(await isPending(promise), true);
  await queue.next();
  await Promise.all(ready);
  assertEquals(queue.size, 1);
});

Deno.test("a producer that awaits ready is no faster than the reader", async () => {
  const queue = new RunQueue({ capacity: 3 });
  let most = 0;
  async function produce(routeCode: string): Promise<void> {
    const sink = toQueue(queue, routeCode);
    for (let i = 0; i < 100; i++) {
      await queue.ready;
      sink.status({ testId: `${i}`, runnable: true });
      most = Math.max(most, queue.size);
    }
  }
  const produced = Promise.all([produce("0"), produce("1")])
    .finally(() => queue.close());
  const testIds = new Map<string, string[]>([["0", []], ["1", []]]);
  for await (const message of queue) {
    if (message.type !== "status") continue;
    testIds.get(message.event.routeCode!)!.push(message.event.testId!);
  }
  await produced;
  const all = Array.from({ length: 100 }, (_, i) => `${i}`);
  assertEquals([...testIds.values()], [all, all]);
  // Both may find the same free place.
  assertEquals(most <= 4, true, `${most} waited`);
});

Deno.test("RunQueue releases producers when its reader leaves", async () => {
  const queue = new RunQueue({ capacity: 1 });
  queue.push(stopOf("0"));
  queue.push(stopOf("1"));
  const ready = queue.ready;
  for await (const _ of queue) break;
  await ready;
  await queue.ready;
  queue.push(stopOf("2"));
  assertEquals([queue.isCancelled, queue.size], [true, 0]);
  assertEquals(await queue.next(), { value: undefined, done: true });
});

Deno.test("RunQueue refuses a capacity of nothing", () => {
  for (const capacity of [0, -1, NaN]) {
    assertThrows(() => new RunQueue({ capacity }), RangeError, "1 or more");
  }
});
