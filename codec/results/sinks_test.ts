import { assertEquals } from "@std/assert";
import type { StatusEvent } from "../event.ts";
import { encodePacket } from "../v2/encoder.ts";
import { decodePacket } from "../v2/packet.ts";
import { copyTo, failFast, tagger, timestamper } from "./sinks.ts";

const at = (seconds: number) => ({ seconds, nanoseconds: 0 });

function packet(event: Partial<StatusEvent>) {
  return decodePacket(encodePacket({ runnable: true, ...event }));
}

Deno.test("copyTo, tagger, timestamper and failFast pass events on", () => {
  const seen: StatusEvent[] = [];
  const failures: string[] = [];
  const sink = copyTo(
    timestamper(
      tagger((event) => seen.push(event), { add: ["new"], discard: ["old"] }),
      () => at(9),
    ),
    failFast((event) => failures.push(event.testId!)),
  );
  sink({ testId: "a", status: "fail", tags: ["old", "kept"], runnable: true });
  // A packet's fields are getters: they must be copied too.
  sink(packet({ testId: "b", status: "success", timestamp: at(1) }));
  sink({ testId: "c", status: "uxsuccess", runnable: true });
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
  tagger((event) => seen.push(event), { discard: ["a"] })(
    { tags: ["a"], runnable: true },
  );
  assertEquals(seen[0].tags, undefined);
});
