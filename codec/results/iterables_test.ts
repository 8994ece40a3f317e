import { assert, assertEquals, assertRejects } from "@std/assert";
import { concat } from "@std/bytes/concat";
import type { StatusEvent } from "../event.ts";
import { encodePacket } from "../v2/encoder.ts";
import { attachmentText } from "./test_sinks.ts";
import { eventsOf, itemsOf, pipeEvents, testsOf } from "./iterables.ts";

function packet(event: Partial<StatusEvent>): Uint8Array {
  return encodePacket({ runnable: true, ...event });
}

const DAMAGED = packet({ testId: "damaged" });
DAMAGED[DAMAGED.length - 1] ^= 0xff;

const STREAM = concat([
  packet({ testId: "lost", status: "inprogress" }),
  new TextEncoder().encode("between\n"),
  packet({ testId: "a", fileName: "log", fileBytes: Uint8Array.of(65) }),
  DAMAGED,
  packet({ testId: "a", status: "success" }),
]);

/** Chunks of so many bytes, all in the same memory. */
function* recycled(bytes: Uint8Array, length: number): Generator<Uint8Array> {
  const memory = new Uint8Array(length);
  for (let at = 0; at < bytes.length; at += length) {
    const part = bytes.subarray(at, at + length);
    memory.set(part);
    yield memory.subarray(0, part.length);
  }
}

Deno.test("itemsOf loses no byte, however the source is cut", async () => {
  for (let length = 1; length <= STREAM.length; length++) {
    const items = await Array.fromAsync(itemsOf(recycled(STREAM, length)));
    const bytes = items.map((item) =>
      item.kind === "packet"
        ? item.source.subarray(item.start, item.end)
        : item.bytes
    );
    assertEquals(concat(bytes), STREAM);
  }
});

Deno.test("eventsOf has text and damage as events", async () => {
  const events = await Array.fromAsync(eventsOf([STREAM]));
  assertEquals(
    events.map(({ testId, status, fileName }) => [testId, status ?? fileName]),
    [
      ["lost", "inprogress"],
      [undefined, "stdout"],
      ["a", "log"],
      ["subunit.parser", "Packet data"],
      ["subunit.parser", "fail"],
      ["a", "success"],
    ],
  );
});

Deno.test("testsOf has lost tests and damage, and files of any chunks", async () => {
  for (const length of [1, 7, STREAM.length]) {
    const tests = await Array.fromAsync(testsOf(recycled(STREAM, length)));
    assertEquals(tests.map(({ testId, outcome }) => [testId, outcome]), [
      ["subunit.parser", "fail"],
      ["a", "success"],
      ["lost", "lost"],
    ]);
    assertEquals(attachmentText(tests[1], "log"), "A");
  }
  for await (const test of testsOf([STREAM], { attachments: false })) {
    assertEquals(test.attachments, []);
  }
});

/** A stream that makes a chunk when it is asked for one, and counts them. */
class Source {
  pulled = 0;
  cancelled: unknown;
  readonly stream: ReadableStream<Uint8Array>;

  /** @param chunk two tests */
  constructor(chunk: (index: number) => Uint8Array) {
    this.stream = new ReadableStream({
      pull: (controller) => controller.enqueue(chunk(this.pulled++)),
      cancel: (reason) => {
        this.cancelled = { reason };
      },
      // The stream itself asks for no chunk before it is read.
    }, { highWaterMark: 0 });
  }
}

const twoTests = (index: number) =>
  concat([
    packet({ testId: `${index} first`, status: "success" }),
    packet({ testId: `${index} second`, status: "success" }),
  ]);

/**
 * Lets everything that could go on go on: nothing here waits for more than
 * promises, which come before the next timer, however slow the machine is.
 */
const turn = () => new Promise((resolve) => setTimeout(resolve));

for (const open of [itemsOf, eventsOf, testsOf]) {
  Deno.test(`${open.name} reads nothing ahead of its consumer`, async () => {
    const source = new Source(twoTests);
    const iterator = open(source.stream);
    await turn();
    assertEquals(source.pulled, 0);
    for (const expected of [1, 1, 2, 2, 3]) {
      await iterator.next();
      await turn();
      assertEquals(source.pulled, expected);
    }
    await iterator.return();
  });

  Deno.test(`${open.name} cancels its source when its consumer leaves`, async () => {
    const source = new Source(twoTests);
    for await (const _ of open(source.stream)) break;
    assertEquals(source.cancelled, { reason: undefined });
    assertEquals(source.stream.locked, false);
    assertEquals(source.pulled, 1);

    let isReturned = false;
    async function* chunks() {
      try {
        for (let i = 0;; i++) yield await Promise.resolve(twoTests(i));
      } finally {
        isReturned = true;
      }
    }
    for await (const _ of open(chunks())) break;
    assert(isReturned);
  });

  Deno.test(`${open.name} fails as its source does`, async () => {
    const stream = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.error(new RangeError("torn")),
    });
    await assertRejects(() => open(stream).next(), RangeError, "torn");
  });
}

/** A stream as in browsers where streams are not async iterable. */
function notIterable(
  stream: ReadableStream<Uint8Array>,
): ReadableStream<Uint8Array> {
  return new Proxy(stream, {
    has: (stream, key) => key !== Symbol.asyncIterator && key in stream,
    get(stream, key) {
      assert(key !== Symbol.asyncIterator);
      const value = Reflect.get(stream, key);
      return typeof value === "function" ? value.bind(stream) : value;
    },
  });
}

Deno.test("itemsOf reads web streams that are not async iterable", async () => {
  const whole = notIterable(ReadableStream.from([STREAM]));
  assertEquals((await Array.fromAsync(testsOf(whole))).length, 3);
  const source = new Source(twoTests);
  let count = 0;
  for await (const _ of itemsOf(notIterable(source.stream))) {
    if (++count === 3) break;
  }
  assertEquals([source.pulled, source.cancelled], [2, { reason: undefined }]);
  assertEquals(source.stream.locked, false);
});

Deno.test("pipeEvents starts and stops a run, also when reading fails", async () => {
  const log: string[] = [];
  const sink = {
    start: () => log.push("start"),
    status: ({ testId }: StatusEvent) => log.push(`${testId}`),
    stop: () => log.push("stop"),
  };
  await pipeEvents([{ testId: "a", runnable: true }], sink);
  assertEquals(log.splice(0), ["start", "a", "stop"]);
  async function* torn() {
    yield await Promise.resolve(packet({ testId: "b" }));
    throw new RangeError("torn");
  }
  await assertRejects(() => pipeEvents(eventsOf(torn()), sink), RangeError);
  assertEquals(log, ["start", "b", "stop"]);
});
