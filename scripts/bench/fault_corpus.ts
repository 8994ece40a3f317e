/**
 * A large fault log: events of all kinds in the order of time, those of a fault
 * all over it. Five events a fault, in the proportions of a team's log.
 *
 * @module
 */

import { encodeSighting } from "../../filters/faults/log/collated.ts";
import { encodeEvent } from "../../filters/faults/log/event.ts";

/** When the log ends. */
export const CORPUS_NOW = "2026-11-22T00:00:00Z";
const END_SECONDS = Date.parse(CORPUS_NOW) / 1000;
const YEAR_SECONDS = 365 * 86400;

const WORDS =
  "connection refused timeout shop cart payment session expired network disk full quota token parser header closed socket retry flaky order invoice login upload thread deadlock lease"
    .split(" ");
const PART_BYTES = 1024 * 1024;

/** A generator of numbers, the same everywhere: xorshift. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** The id of a fault; its first nine characters no other one has. */
export function faultId(n: number): string {
  const hash = (n * 2654435761 % 2 ** 32).toString(32).padStart(7, "0");
  return `1-${hash}${n.toString(32).padStart(9, "0")}`;
}

/** Yields the log of so many faults, in parts. */
export function* faultCorpus(faults: number): Generator<Uint8Array> {
  const random = randomFrom(20261128);
  let part = new Uint8Array(PART_BYTES), end = 0;
  const events = 5 * faults;
  for (let i = 0; i < events; i++) {
    const time = {
      seconds: END_SECONDS - YEAR_SECONDS +
        Math.floor(YEAR_SECONDS * i / events),
      nanoseconds: 0,
    };
    const bytes = eventOf(i, faults, random, time);
    if (end + bytes.length > part.length) {
      yield part.subarray(0, end);
      part = new Uint8Array(PART_BYTES);
      end = 0;
    }
    part.set(bytes, end);
    end += bytes.length;
  }
  yield part.subarray(0, end);
}

function eventOf(
  i: number,
  faults: number,
  random: (below: number) => number,
  time: { seconds: number; nanoseconds: number },
): Uint8Array {
  const kind = i % 25;
  // Titles and tags once a fault; the rest falls where it falls.
  const n = kind < 10 ? Math.floor(i / 25) * 5 + kind % 5 : random(faults);
  const fault = `fault:${faultId(n % faults)}`, author = `dev-${random(200)}`;
  if (kind < 5) {
    const title = Array.from({ length: 5 }, () => WORDS[random(WORDS.length)]);
    return encodeEvent({
      fault,
      kind: "title",
      time,
      author,
      state: "fail",
      value: title.join(" "),
    });
  }
  if (kind < 10) {
    const tag = random(random(400) + 1);
    return encodeEvent({
      fault,
      kind: "tag",
      time,
      author,
      tags: [`+t${tag}`],
    });
  }
  if (kind < 13) {
    const state = (["success", "inprogress", "xfail"] as const)[random(3)];
    return encodeEvent({ fault, kind: "state", time, author, state });
  }
  if (kind < 17) {
    const value = `seen again ${WORDS[random(WORDS.length)]} ${i}`;
    return encodeEvent({ fault, kind: "comment", time, author, value });
  }
  const run = random(20_000);
  return encodeSighting({
    fault,
    origin: `ci-${run % 90}`,
    run: `${run}`,
    time,
    count: 1 + random(4),
    tests: [`pkg.module_${random(500)}.test_${random(40)}`],
  });
}

if (import.meta.main) {
  const [faults = "100000"] = Deno.args;
  for (const part of faultCorpus(Number(faults))) {
    for (let at = 0; at < part.length;) {
      at += Deno.stdout.writeSync(part.subarray(at));
    }
  }
}
