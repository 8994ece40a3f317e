import { assertEquals } from "@std/assert";
import { pathOf } from "../../../scripts/tool_path.ts";
import { ROOT, run, text } from "../../../tests/support/run.ts";

Deno.test("the thread of AsyncStdout writes on when it was woken for nothing", async () => {
  const module = new URL("async_stdout.ts", import.meta.url).href;
  const script = `
import { CONTROL, workerUrl } from ${JSON.stringify(module)};
const { state, length, full, closed } = CONTROL;
const control = new Int32Array(new SharedArrayBuffer(8));
const part = new Uint8Array(new SharedArrayBuffer(8));
const worker = new Worker(workerUrl(4096), { type: "module" });
worker.postMessage([control, part]);
// Once it waits, it is woken with nothing to write, and waits again.
for (let woken = 0; woken < 2;) {
  woken += Atomics.notify(control, state);
  await new Promise((resolve) => setTimeout(resolve));
}
part.set(new TextEncoder().encode("written\\n"));
control[length] = part.length;
Atomics.store(control, state, full);
Atomics.notify(control, state);
while (Atomics.load(control, state) === full) {
  await Atomics.waitAsync(control, state, full).value;
}
Atomics.store(control, state, closed);
Atomics.notify(control, state);
worker.terminate();
`;
  const deno = [Deno.execPath(), "run", "--quiet", "--no-check", "-"];
  const { stdout, stderr, status } = await run(deno, {
    cwd: pathOf(ROOT),
    stdin: script,
  });
  assertEquals([text(stdout), stderr, status], ["written\n", "", 0]);
});
