/**
 * A reporter for `node --test` that writes the JSON lines of json2subunit:
 *
 *     node --test --test-reporter=./node_reporter.mjs | json2subunit | subunit-seal
 *
 * Unlike TAP it reports which tests there are and when each starts, so that the
 * stream shows what a worker was doing when it died. The route of a test is its
 * file. Copy it into your project: it needs Node 20 or later, nothing else.
 *
 * @module
 */

import { relative, resolve } from "node:path";

/** What went wrong: what was thrown, or how the process of a file ended. */
function reasonOf({ cause, exitCode, signal, message }) {
  if (signal) return `killed by ${signal}`;
  if (exitCode) return `exit status ${exitCode}`;
  return String(cause?.stack ?? cause ?? message);
}

/** `skip` and `todo` are true or a reason, which may be empty. */
function statusOf(type, { skip = false, todo = false }) {
  if (skip !== false) return "skip";
  if (type === "test:pass") return "success";
  return todo === false ? "fail" : "xfail";
}

/** The tests of one file. */
class TestFile {
  /** The test that started last, at the end, and those around it. */
  #open = [];
  /** Tests that have not ended, by place and name: a loop makes several. */
  #waiting = new Map();

  #alike({ line, column, name }) {
    const key = `${line}:${column}:${name}`;
    const tests = this.#waiting.get(key) ?? [];
    this.#waiting.set(key, tests);
    return tests;
  }

  add(data) {
    const parent = this.#open[data.nesting - 1]?.id;
    const id = parent === undefined ? data.name : `${parent} > ${data.name}`;
    const test = { id, parent, start: undefined };
    this.#alike(data).push(test);
    return test;
  }

  start(data) {
    const test = this.#alike(data).find(({ start }) => start === undefined);
    test.start = Date.now();
    this.#open = [...this.#open.slice(0, data.nesting), test];
    return test;
  }

  end(data) {
    const tests = this.#alike(data);
    // A test that its suite cancelled was never listed.
    if (tests.length === 0) this.add(data);
    return tests.shift();
  }
}

export default async function* report(source) {
  const files = new Map();
  for await (const { type, data } of source) {
    if (data.file === undefined) continue;
    const route = relative("", data.file);
    const file = files.get(route) ?? new TestFile();
    files.set(route, file);
    const line = ({ id, parent }, status, fields = {}, time = Date.now()) =>
      JSON.stringify({
        test_id: id,
        test_status: status,
        parent_test_id: parent,
        runnable: true,
        route_code: route,
        timestamp: new Date(time).toISOString(),
        ...fields,
      }) + "\n";
    // Node reports a file as a test, too, when it has none or dies. That such a
    // test is there and starts is left out: it would be lost otherwise.
    const isFile = resolve(data.name ?? "") === resolve(data.file);

    if (type === "test:stdout" || type === "test:stderr") {
      const text = { file_name: type.slice(5), file_text: data.message };
      yield line({}, undefined, text);
    } else if (type === "test:enqueue" && !isFile) {
      yield line(file.add(data), "exists");
    } else if (type === "test:dequeue" && !isFile) {
      yield line(file.start(data), "inprogress");
    } else if (type === "test:pass" || type === "test:fail") {
      const { error, duration_ms: milliseconds } = data.details;
      const test = isFile ? { id: route } : file.end(data);
      const reason = error && {
        file_name: "reason",
        file_text: reasonOf(error),
        mime_type: "text/plain;charset=utf8",
        eof: true,
      };
      // A result may wait for those of other tests: now is not when it ended.
      const end = test.start && test.start + milliseconds;
      yield line(test, statusOf(type, data), reason, end);
    }
  }
}
