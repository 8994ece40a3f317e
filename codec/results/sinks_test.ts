import { assertEquals } from "@std/assert";
import type { StatusEvent } from "../event.ts";
import { at, packet } from "../_testing/events.ts";
import { encodePacket } from "../v2/encoder.ts";
import { decodePacket } from "../v2/packet.ts";
import {
  copyTo,
  type EventSink,
  failFast,
  ownEvent,
  tagger,
  timestamper,
} from "./sinks.ts";

Deno.test("copyTo, tagger, timestamper and failFast pass events on", () => {
  const seen: StatusEvent[] = [];
  const failures: string[] = [];
  const sink = copyTo(
    timestamper(
      tagger({ status: (event) => seen.push(event) }, {
        add: ["new"],
        discard: ["old"],
      }),
      () => at(9),
    ),
    failFast((event) => failures.push(event.testId!)),
  );
  sink.status({
    testId: "a",
    status: "fail",
    tags: ["old", "kept"],
    runnable: true,
  });
  // A packet's fields are getters: they must be copied too.
  sink.status(packet({ testId: "b", status: "success", timestamp: at(1) }));
  sink.status({ testId: "c", status: "uxsuccess", runnable: true });
  assertEquals(
    seen.map(({ testId, tags, timestamp }) => [testId, tags, timestamp]),
    [
      ["a", ["kept", "new"], at(9)],
      ["b", ["new"], at(1)],
      ["c", ["new"], at(9)],
    ],
  );
  assertEquals(failures, ["a", "c"]);
});

Deno.test("tagger leaves no empty set of tags", () => {
  const seen: StatusEvent[] = [];
  const sink = { status: (event: StatusEvent) => seen.push(event) };
  tagger(sink, { discard: ["a"] }).status({ tags: ["a"], runnable: true });
  assertEquals(seen[0].tags, undefined);
});

/** A sink that notes its calls. */
function noting(log: string[], name: string): EventSink {
  return {
    start: () => log.push(`${name} start`),
    status: ({ testId }) => log.push(`${name} ${testId}`),
    stop: () => log.push(`${name} stop`),
  };
}

Deno.test("start and stop pass through copyTo, tagger and timestamper, in order", () => {
  const log: string[] = [];
  const sink = copyTo(
    tagger(timestamper(noting(log, "one")), { add: ["t"] }),
    noting(log, "two"),
    // Not every sink has both.
    failFast(() => log.push("failed")),
  );
  sink.start();
  sink.status({ testId: "a", status: "fail", runnable: true });
  sink.stop();
  assertEquals(log, [
    "one start",
    "two start",
    "one a",
    "two a",
    "failed",
    "one stop",
    "two stop",
  ]);
});

Deno.test("ownEvent keeps an event when its bytes change", () => {
  const event = {
    testId: "a",
    fileName: "log",
    fileBytes: Uint8Array.of(1, 2),
    runnable: true,
  };
  const bytes = encodePacket(event);
  const owned = [ownEvent(event), ownEvent(decodePacket(bytes))];
  bytes.fill(0);
  event.fileBytes.fill(0);
  for (const { testId, fileBytes } of owned) {
    assertEquals([testId, fileBytes], ["a", Uint8Array.of(1, 2)]);
  }
});
