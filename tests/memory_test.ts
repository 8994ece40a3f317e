import { assert } from "@std/assert";
import { commandOf, TempDir } from "./_run.ts";
import { at, type Said, stream } from "./_streams.ts";
import { quote } from "../scripts/tool_path.ts";

/** What is piped through each tool, made on the fly. */
const STREAM_BYTES = 2_000_000_000;
/** The design's bound on resident memory, for a stream of any length. */
const MOST_BYTES = 120 * 1024 * 1024;

/** About a megabyte of tests that pass and fail side by side, with logs. */
function block(): Uint8Array {
  const events = Array.from({ length: 600 }, (_, i): Said[] => {
    const test = { testId: `package.module.test_${i}`, routeCode: "worker-1" };
    const ended = `package.module.test_${(i + 590) % 600}`;
    return [
      { ...test, status: "inprogress", timestamp: at("01:02:03") },
      {
        ...test,
        fileName: "log",
        fileBytes: new Uint8Array(1500).fill(0x61),
        mimeType: "text/plain",
      },
      {
        ...test,
        testId: ended,
        status: i % 3 === 0 ? "fail" : "success",
        timestamp: at("01:02:04"),
        tags: ["a"],
      },
    ];
  });
  return stream(...events.flat(), "a line of text\n");
}

/** Runs bash, which becomes a tool; the most memory that was resident. */
async function peakMemoryOf(script: string): Promise<number> {
  const process = new Deno.Command("bash", {
    args: ["-c", script],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  let peak = 0;
  const poll = setInterval(() => {
    peak = Math.max(peak, residentPeak(process.pid));
  }, 20);
  const { code } = await process.status;
  clearInterval(poll);
  // The stream breaks off: to subunit-diff that is a new failure.
  assert(code === 0 || code === 1, `${script} exits ${code}`);
  return peak;
}

function residentPeak(pid: number): number {
  try {
    const status = Deno.readTextFileSync(`/proc/${pid}/status`);
    return 1024 * Number(/VmHWM:\s*(\d+)/.exec(status)?.[1] ?? 0);
  } catch {
    // It has ended just now.
    return 0;
  }
}

for (
  const [name, ...args] of [
    ["subunit-filter", "-F"],
    ["subunit-filter", "--text=b", "--max-attachment=100"],
    ["subunit-tags", "nightly"],
    ["subunit-tee", "/dev/null"],
    ["subunit-seal"],
    ["subunit2csv", "--no-passthrough"],
    ["subunit-merge", "a=-"],
    ["subunit-diff", "BLOCK", "-"],
  ]
) {
  Deno.test(`${[name, ...args].join(" ")} stays small on 2 GB made on the fly`, async () => {
    using dir = new TempDir();
    const file = dir.file("block", block());
    const tool = [...commandOf(name), ...args].map(quote).join(" ");
    const peak = await peakMemoryOf(
      `exec ${tool.replace("BLOCK", file)} < <(
        while cat ${quote(file)}; do :; done 2> /dev/null |
        head -c ${STREAM_BYTES})`,
    );
    assert(peak > 0 && peak < MOST_BYTES, `it takes ${peak} bytes`);
  });
}
