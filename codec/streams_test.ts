import { assert, assertEquals, assertRejects } from "@std/assert";
import { toArrayBuffer } from "@std/streams/to-array-buffer";
import { PacketDecoderStream, PacketEncoderStream } from "./streams.ts";
import { GOOD } from "./_testing/vectors.ts";

Deno.test("PacketDecoderStream emits items that own their bytes", async () => {
  const chunk = Uint8Array.fromHex("61620a" + GOOD + "b339");
  const source = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const byte of chunk) controller.enqueue(Uint8Array.of(byte));
      controller.close();
    },
  });
  const items = await Array.fromAsync(
    source.pipeThrough(new PacketDecoderStream()),
  );
  assertEquals(items.map((item) => item.kind), [
    "foreign",
    "foreign",
    "foreign",
    "packet",
    "damage",
    "foreign",
  ]);
  assertEquals(items.map((item) => item.bytes.toHex()).join(""), chunk.toHex());
});

Deno.test("PacketDecoderStream reads no more than its queues hold", async () => {
  const CHUNK_BYTES = 12 * 1000;
  const chunk = Uint8Array.fromHex(GOOD.repeat(1000));
  let taken = 0;
  const source = new ReadableStream<Uint8Array>({
    pull(controller) {
      taken += chunk.length;
      // Far more than may ever be taken; an end, in case it is.
      if (taken > 100 * 1024 * 1024) controller.close();
      else controller.enqueue(chunk.slice());
    },
  });
  const reader = source.pipeThrough(new PacketDecoderStream()).getReader();
  assert(!(await reader.read()).done);
  // All that can happen without a reader happens now.
  for (let turn = 0; turn < 1000; turn++) await Promise.resolve();
  const QUEUES_BYTES = 2 * 64 * 1024;
  assert(taken <= QUEUES_BYTES + 4 * CHUNK_BYTES, `took ${taken} bytes`);
  await reader.cancel();
});

Deno.test("PacketEncoderStream writes what PacketDecoderStream reads", async () => {
  const event = { testId: "foo", status: "exists", runnable: true } as const;
  const bytes = await toArrayBuffer(
    ReadableStream.from([event, event]).pipeThrough(new PacketEncoderStream()),
  );
  assertEquals(new Uint8Array(bytes).toHex(), GOOD + GOOD);
});

Deno.test("PacketEncoderStream fails on what the format cannot hold", async () => {
  const events = ReadableStream.from([{ testId: "\0", runnable: true }]);
  await assertRejects(
    () => toArrayBuffer(events.pipeThrough(new PacketEncoderStream())),
    RangeError,
    "it holds a NUL",
  );
});
