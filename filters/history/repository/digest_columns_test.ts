import { assertEquals } from "@std/assert";
import { sha256 } from "../../kit/runtime/builtin.ts";
import { encodeDigest, encodeNames, NameList } from "./digest.ts";
import {
  COLUMN_RUNS,
  ColumnFile,
  findColumns,
  makeColumns,
  removeColumns,
} from "./digest_columns.ts";

const RUNS = Array.from(
  { length: COLUMN_RUNS },
  (_, i) => `20261127T1253${String(i).padStart(2, "0")}-9f3c21aa`,
);
const IDS = ["a", "bc", "\u00e9"];

/** The code of a test in a run, and its seconds. */
const codeOf = (run: number, test: number) => (run + 3 * test) % 8;
const secondsOf = (run: number, test: number) => run + test / 4;

function digestOf(run: number, namesId: string): Uint8Array {
  return encodeDigest({
    namesId,
    tests: Uint8Array.from(IDS, (_, test) => codeOf(run, test)),
    seconds: Float32Array.from(IDS, (_, test) => secondsOf(run, test)),
    flags: 0,
    bytes: 1000 + run,
    first: 1,
    last: 2,
    lost: 0,
  });
}

/** Calls `use` with a cache that has the digests of the runs. */
async function withCache(use: (folder: string, namesId: string) => void) {
  const folder = Deno.makeTempDirSync();
  try {
    const { id } = await encodeNames(IDS, sha256);
    for (const [run, name] of RUNS.entries()) {
      Deno.writeFileSync(`${folder}/${name}.digest`, digestOf(run, id));
    }
    use(folder, id);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

const namesIn = (folder: string) =>
  [...Deno.readDirSync(`${folder}/columns`)].map(({ name }) => name);

Deno.test("makeColumns writes the documented bytes", () =>
  withCache((folder, namesId) => {
    makeColumns(folder, namesId, NameList.of(IDS), RUNS);
    const [name, ...others] = namesIn(folder);
    assertEquals([name, others], [`${namesId}-${RUNS[0]}`, []]);
    const bytes = Deno.readFileSync(`${folder}/columns/${name}`);
    const view = new DataView(bytes.buffer);
    const textAt = (from: number, to: number) =>
      new TextDecoder().decode(bytes.subarray(from, to));
    assertEquals(textAt(0, 8), "SUBCOLS1");
    assertEquals([view.getUint32(8, true), view.getUint32(12, true)], [3, 8]);
    assertEquals(bytes.subarray(16, 32).toHex(), namesId);
    assertEquals(textAt(32, 1568), RUNS.join(""));
    for (const run of RUNS.keys()) {
      const at = 1568 + 64 * run, digest = digestOf(run, namesId);
      assertEquals(bytes.subarray(at, at + 64), digest.subarray(0, 64));
    }
    assertEquals(textAt(5664, 5672), "a\0bc\0\u00e9\0");
    const starts = [0, 1, 2].map((i) => view.getUint32(5672 + 4 * i, true));
    assertEquals(starts, [0, 2, 5]);
    assertEquals(bytes.length, 5684 + 3 * 320);
    for (const test of IDS.keys()) {
      const at = 5684 + 320 * test;
      for (const run of RUNS.keys()) {
        assertEquals(bytes[at + run], codeOf(run, test));
        const seconds = view.getFloat32(at + 64 + 4 * run, true);
        assertEquals(seconds, secondsOf(run, test));
      }
    }
  }));

Deno.test("columns say of each run what its digest does", () =>
  withCache((folder, namesId) => {
    makeColumns(folder, namesId, NameList.of(IDS), RUNS);
    const columns = findColumns(folder), at = Int32Array.of(0, 2);
    assertEquals([...columns.keys()], RUNS);
    for (const [run, name] of RUNS.entries()) {
      const [{ file, place }, ...others] = columns.get(name)!;
      assertEquals([place, others], [run, []]);
      assertEquals(file.digestOf(place)?.bytes, 1000 + run);
      const { tests, seconds } = file.testsOf(place, at)!;
      assertEquals([...tests], [codeOf(run, 0), codeOf(run, 2)]);
      assertEquals([...seconds], [secondsOf(run, 0), secondsOf(run, 2)]);
    }
    const [{ file }] = columns.get(RUNS[0])!;
    const pick = (...ids: string[]) => file.pick(new Set(ids));
    assertEquals([...pick("\u00e9", "a")!], [[0, "a"], [2, "\u00e9"]]);
    assertEquals([...pick("bc")!], [[1, "bc"]]);
    // Not found, which may be the file's fault: the list itself knows.
    for (const id of ["", "b", "bcd", "c", "zz", "\u{1f600}"]) {
      assertEquals([pick(id), pick("a", id)], [undefined, undefined]);
    }
    assertEquals(file.readNames(), new TextEncoder().encode("a\0bc\0\u00e9\0"));
  }));

Deno.test("where a name begins is not believed when it was damaged", () =>
  withCache((folder, namesId) => {
    makeColumns(folder, namesId, NameList.of(IDS), RUNS);
    const path = `${folder}/columns/${namesId}-${RUNS[0]}`;
    const bytes = Deno.readFileSync(path);
    const starts = 5672, view = new DataView(bytes.buffer);
    assertEquals(view.getUint32(starts + 4, true), 2);
    for (const test of IDS.keys()) {
      const at = starts + 4 * test, sound = view.getUint32(at, true);
      for (const damaged of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 2 ** 31]) {
        view.setUint32(at, damaged, true);
        Deno.writeFileSync(path, bytes);
        const file = ColumnFile.open(path)!;
        // The end of another name is none.
        for (const id of [...IDS, "c", ""]) {
          const [place = -1] = file.pick(new Set([id]))?.keys() ?? [];
          const isRight = place === -1 || place === IDS.indexOf(id);
          assertEquals(isRight, true, `${test} ${damaged} ${id}`);
        }
      }
      view.setUint32(at, sound, true);
    }
    // Nor is a list that is longer than any: its places would be negative.
    view.setUint32(8, 30, true);
    view.setUint32(12, 2 ** 32 - 8740, true);
    Deno.writeFileSync(path, bytes);
    assertEquals(ColumnFile.open(path), undefined);
  }));

Deno.test("a file that was replaced or cut since it was opened is not read", () =>
  withCache((folder, namesId) => {
    makeColumns(folder, namesId, NameList.of(IDS), RUNS);
    const path = `${folder}/columns/${namesId}-${RUNS[0]}`;
    const whole = Deno.readFileSync(path), at = Int32Array.of(1);
    const other = whole.slice();
    // The first two runs in the other order.
    other.copyWithin(32, 56, 80);
    other.set(whole.subarray(32, 56), 56);
    for (const bytes of [other, whole.subarray(0, -1), whole.subarray(0, 9)]) {
      Deno.writeFileSync(path, whole);
      const file = ColumnFile.open(path)!;
      Deno.writeFileSync(path, bytes);
      assertEquals(file.testsOf(0, at), undefined);
      assertEquals(file.pick(new Set(["a"])), undefined);
      assertEquals(file.readNames(), undefined);
    }
    Deno.writeFileSync(path, whole.subarray(0, -1));
    assertEquals(ColumnFile.open(path), undefined);
  }));

Deno.test("a run of other tests than the file has is not read", () =>
  withCache((folder, namesId) => {
    makeColumns(folder, namesId, NameList.of(IDS), RUNS);
    const path = `${folder}/columns/${namesId}-${RUNS[0]}`;
    const bytes = Deno.readFileSync(path);
    // The list of the second run, how many tests the third has, the magic.
    for (const [run, at] of [[1, 16], [2, 8], [3, 0]]) {
      bytes[1568 + 64 * run + at] ^= 1;
    }
    Deno.writeFileSync(path, bytes);
    const file = ColumnFile.open(path)!;
    const found = [0, 1, 2, 3, 4].map((run) => file.digestOf(run)?.bytes);
    assertEquals(found, [1000, undefined, undefined, undefined, 1004]);
  }));

Deno.test("columns are made of whole digests of these tests, or not at all", () =>
  withCache((folder, namesId) => {
    const digest = `${folder}/${RUNS[40]}.digest`;
    const bytes = Deno.readFileSync(digest);
    const make = () => makeColumns(folder, namesId, NameList.of(IDS), RUNS);
    Deno.writeFileSync(digest, bytes.subarray(0, -1));
    make();
    Deno.writeFileSync(digest, digestOf(40, "00".repeat(16)));
    make();
    Deno.removeSync(digest);
    make();
    assertEquals(namesIn(folder), []);
    Deno.writeFileSync(digest, bytes);
    make();
    assertEquals(namesIn(folder).length, 1);
  }));

Deno.test("removeColumns removes what is ours, and nothing else", () =>
  withCache((folder, namesId) => {
    const ours = `${namesId}-${RUNS[0]}`, columns = `${folder}/columns`;
    const all = () => [...namesIn(folder)].sort();
    makeColumns(folder, namesId, NameList.of(IDS), RUNS);
    // A folder and a file of somebody else: the columns may be a link to them.
    Deno.mkdirSync(`${columns}/own/er`, { recursive: true });
    Deno.writeTextFileSync(`${columns}/thesis.txt`, "text");
    Deno.writeTextFileSync(`${columns}/${ours}.0a1b2c3d.tmp`, "cut");
    removeColumns(folder, new Set(RUNS));
    assertEquals(all(), [ours, "own", "thesis.txt"]);
    removeColumns(folder, new Set(RUNS.slice(1)));
    assertEquals(all(), ["own", "thesis.txt"]);
  }));
