import { assertEquals, assertThrows } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { encodePacket } from "@subunit/codec";
import { TempDir } from "../../../tests/support/run.ts";
import { gzipSync } from "../../kit/runtime/builtin.ts";
import { removeRun } from "./pruning.ts";
import { encodeRecord } from "./record.ts";
import { statsOf } from "./stats.ts";
import { Repository } from "./store.ts";
import { makeRepository } from "./writer.ts";

/** What a process that is killed throws. */
class Killed extends Error {}

const ID = "20261127T125335-9f3c21aa", OTHER = "20261127T125336-9f3c21aa";
const TORN = concat([
  encodeRecord("start", { v: 1, id: ID }),
  encodePacket({ testId: "a", status: "success" }),
]);
const WHOLE = concat([
  TORN,
  encodePacket({ testId: "b", status: "success" }),
  encodeRecord("end", { v: 1 }),
]);

/** The files that a run may have, and the steps in which they go. */
const FILES: readonly [Record<string, Uint8Array>, string][] = [
  [{ "subunit.gz": gzipSync(WHOLE) }, "subunit.gz"],
  [{ part: TORN }, "part"],
  // Killed while it was compressed.
  [{ subunit: WHOLE, "subunit.gz": gzipSync(WHOLE) }, "subunit.gz subunit"],
  // Of repositories that were joined while it was written.
  [{ part: TORN, "subunit.gz": gzipSync(WHOLE) }, "part subunit.gz"],
  [{ subunit: TORN, "subunit.gz": gzipSync(WHOLE) }, "subunit subunit.gz"],
  [{ part: TORN, subunit: WHOLE }, "part subunit"],
];

Deno.test("removeRun leaves a run as it was, or nothing, when it is killed before any step", async () => {
  for (const [files, order] of FILES) {
    const steps = order.split(" ").map((ending) => `remove ${ending}`);
    for (let killedAt = 0; killedAt <= steps.length; killedAt++) {
      using dir = new TempDir();
      const repository = makeRepository(`${dir.path}/.subunit`);
      const folder = `${repository.path}/runs`;
      for (const [ending, bytes] of Object.entries(files)) {
        Deno.writeFileSync(`${folder}/${ID}.${ending}`, bytes);
      }
      Deno.writeFileSync(`${folder}/${OTHER}.subunit`, WHOLE);
      const read = () =>
        Promise.all(
          new Repository(repository.path).runs().map(async (run) =>
            `${run.id} ${run.state} ${(await statsOf(run)).tests}`
          ),
        );
      const before = await read();
      const made: string[] = [];
      const remove = () =>
        removeRun(repository, repository.find(ID)!, (step) => {
          if (made.length === killedAt) throw new Killed();
          made.push(step);
        });
      if (killedAt < steps.length) {
        assertThrows(remove, Killed);
        assertEquals(await read(), before);
        removeRun(repository, repository.find(ID)!);
      } else {
        remove();
        assertEquals(made, steps);
      }
      assertEquals(await read(), before.slice(1));
      const left = Array.from(Deno.readDirSync(folder), ({ name }) => name);
      assertEquals(left, [`${OTHER}.subunit`]);
    }
  }
});
