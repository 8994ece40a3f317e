/**
 * A run of tests to look at: the same bytes on every machine. Screenshots, tests
 * of the page and the benchmark show it, at their own length.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import { encodePacket, type StatusEvent } from "@subunit/codec";

const encoder = new TextEncoder();
/** 2026-03-14, 09:00 UTC. */
const BEGIN = 1773478800;
const ROUTES = 4;

const MODULES = [
  "orbit.core.test_kepler",
  "orbit.core.test_vectors",
  "orbit.io.test_catalogue",
  "orbit.io.test_ephemeris",
  "orbit.net.test_fetch",
  "orbit.plot.test_canvas",
  "orbit.tides.test_harmonics",
];
const CASES = ["Parsing", "Rounding", "Caching", "Limits"];
const WORDS = [
  "accepts_leap_seconds",
  "keeps_order",
  "rejects_negative_mass",
  "reads_empty_file",
  "handles_timeout",
  "is_stable",
  "survives_restart",
  "matches_reference",
];

/** A 3 by 2 image. */
const IMAGE = Uint8Array.fromBase64(
  "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAIAAAASFvFNAAAAFklEQVR4nGP4z8DwHwyBGAhABIgNBADp7hHvqvUkqgAAAABJRU5ErkJggg==",
);

/** Numbers that look random, and are the same each time. */
function* numbers(): Generator<number, never> {
  for (let seed = 15;;) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    yield seed / 2 ** 32;
  }
}

function traceback(
  module: string,
  test: string,
  line: number,
  error: string,
): string {
  const path = module.replaceAll(".", "/");
  return `Traceback (most recent call last):
  File "/usr/lib/python3.13/unittest/case.py", line 58, in testPartExecutor
    yield
  File "${path}.py", line ${line}, in test_${test}
    self.check(self.catalogue.lookup(name))
  File "orbit/catalogue.py", line 211, in lookup
    return self.backend.query(name, timeout=self.timeout)
${error}
`;
}

const ERRORS = [
  "TimeoutError: catalogue.example did not answer within 5.0 s",
  "AssertionError: 1.0000000000000002 != 1.0",
  "KeyError: 'C/2023 A3'",
];

/** What a run holds. */
export interface SampleOptions {
  /** How many tests; subtests come on top. */
  readonly tests: number;
  /** One test of so many fails. */
  readonly failsEach?: number;
}

/** Returns the stream of a run. */
export function sampleRun(
  { tests, failsEach = 17 }: SampleOptions,
): Uint8Array {
  const random = numbers();
  const next = () => random.next().value;
  const parts: Uint8Array[] = [];
  const put = (event: Partial<StatusEvent>) =>
    parts.push(encodePacket({ runnable: true, ...event }));
  const clocks = new Float64Array(ROUTES);
  const at = (seconds: number) => ({
    seconds: BEGIN + Math.floor(seconds),
    nanoseconds: Math.floor((seconds % 1) * 1e9),
  });
  for (let i = 0; i < tests; i++) {
    const route = clocks.indexOf(Math.min(...clocks));
    const routeCode = String(route);
    const module = MODULES[Math.floor(next() * MODULES.length)];
    const word = WORDS[i % WORDS.length];
    const number = Math.floor(i / WORDS.length);
    const name = number === 0 ? word : `${word}_${number}`;
    const testId = `${module}.Test${CASES[i % CASES.length]}.test_${name}`;
    const start = clocks[route] + (next() < 0.03 ? 2 * next() : 0.001);
    const seconds = 0.004 + 0.9 * next() ** 6 + (i % 61 === 7 ? 2.4 : 0);
    const end = start + seconds;
    clocks[route] = end;
    const test = { testId, routeCode };
    put({ ...test, status: "inprogress", timestamp: at(start) });
    const kind = next() * failsEach;
    const tags = seconds > 1 ? ["slow"] : undefined;
    if (i % 41 === 11) {
      for (let j = 1; j <= 3; j++) {
        const subtest = { testId: `${testId} (i=${j})`, routeCode };
        const timestamp = at(start + (seconds * j) / 3);
        const parentTestId = testId;
        put({
          ...subtest,
          parentTestId,
          status: "inprogress",
          timestamp: at(start + (seconds * (j - 1)) / 3),
        });
        put({ ...subtest, parentTestId, status: "success", timestamp });
      }
    }
    if (kind < 1) {
      const error = ERRORS[Math.floor(next() * 1.9 * ERRORS.length) % 3];
      const text = traceback(module, name, 20 + (i % 90), error);
      put({
        ...test,
        fileName: "traceback",
        mimeType: "text/x-traceback;charset=utf8",
        fileBytes: encoder.encode(text),
        eof: true,
      });
      if (kind < 0.3) {
        put({
          ...test,
          fileName: "stderr",
          mimeType: "text/plain;charset=utf8",
          fileBytes: encoder.encode(
            "\x1b[1;33mwarning:\x1b[0m retry 1 of 3\n\x1b[31merror:\x1b[0m giving up\n",
          ),
          eof: true,
        });
        put({
          ...test,
          fileName: "canvas.png",
          mimeType: "image/png",
          fileBytes: IMAGE,
          eof: true,
        });
      }
      const isKnown = error.startsWith("KeyError");
      put({
        ...test,
        status: "fail",
        tags: isKnown ? ["fault:missing-comet"] : tags,
        timestamp: at(end),
      });
      // The first of them pass when they are tried again.
      if (kind < 0.12) {
        const again = { ...test, testId };
        clocks[route] = end + seconds;
        put({ ...again, status: "inprogress", timestamp: at(end) });
        put({ ...again, status: "success", timestamp: at(end + seconds) });
      }
    } else if (kind < 1.5) {
      put({
        ...test,
        fileName: "reason",
        mimeType: "text/plain;charset=utf8",
        fileBytes: encoder.encode("needs a telescope"),
        eof: true,
      });
      put({ ...test, status: "skip", timestamp: at(end) });
    } else if (kind < 1.7) {
      put({ ...test, status: "xfail", timestamp: at(end) });
    } else if (kind < 1.75) {
      put({ ...test, status: "uxsuccess", timestamp: at(end) });
    } else if (kind >= 1.8 || kind < 1.76) {
      put({ ...test, status: "success", tags, timestamp: at(end) });
    }
  }
  return concat(parts);
}
