import { assert, assertEquals } from "@std/assert";
import { Summary } from "@subunit/codec";
import fc from "fast-check";
import { type Finding, WorstFindings } from "./findings.ts";
import { jobSummary } from "./job_summary.ts";
import { visibleLines } from "../kit/text/visible.ts";

const SEED = 20220509;
const SIZE = 1024 * 1024;

function found(...all: Partial<Finding>[]): WorstFindings {
  const findings = new WorstFindings(1000);
  for (const one of all) {
    const finding: Finding = {
      kind: "fail",
      name: "t",
      words: "failed",
      headline: undefined,
      text: "",
      place: undefined,
      ...one,
    };
    findings.add(finding.kind, () => finding);
  }
  return findings;
}

function page(findings: WorstFindings, size = SIZE): string {
  const counts = new Summary();
  counts.outcomes.fail = 1;
  counts.outcomes.xfail = 2;
  counts.outcomes.success = 3;
  const bytes = jobSummary(counts, [findings, found()], size);
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
    .decode(bytes);
}

const HEAD = `## 1 of 6 tests failed

| Tests | |
| :-- | --: |
| Failed | 1 |
| Passed | 5 |
| of these, failed as expected | 2 |

`;

Deno.test("jobSummary says first how many failed", () => {
  const cases: [fail: number, success: number, title: string][] = [
    [0, 0, "## No tests\n"],
    [0, 3, "## Of 3 tests none failed\n"],
    [1, 2, "## 1 of 3 tests failed\n"],
  ];
  for (const [fail, success, title] of cases) {
    const counts = new Summary();
    counts.outcomes.fail = fail;
    counts.outcomes.success = success;
    const page = new TextDecoder().decode(jobSummary(counts, [], 10_000));
    assert(page.startsWith(title), page);
  }
});

Deno.test("jobSummary counts the tests, and tells of those that failed", () => {
  const findings = found(
    { text: "a\n\nb", place: { path: "src/a.c", line: 3 } },
    { name: "u", words: "hangs" },
  );
  assertEquals(
    page(findings),
    `${HEAD}<details><summary><code>t</code> failed, <code>src/a.c:3</code></summary>

<pre>
a

b
</pre>

</details>

<p><code>u</code> hangs</p>

`,
  );
  const empty = jobSummary(new Summary(), [found()], SIZE);
  assertEquals(new TextDecoder().decode(empty).split("\n")[0], "## No tests");
});

Deno.test("jobSummary stays within its size, and says what it leaves out", () => {
  const text = "é<&\n".repeat(2000);
  const many = found(...Array.from({ length: 300 }, () => ({ text })));
  for (const size of [HEAD.length + 1000, 50_000, 200_000, SIZE]) {
    const shown = page(many, size);
    assert(new TextEncoder().encode(shown).length <= size);
    const listed = shown.match(/<details>/g)?.length ?? 0;
    assert(shown.endsWith(`\n\nNot listed: ${300 - listed} failed.\n\n`));
    // It uses its room.
    assert(listed >= Math.floor((size - 2000) / (text.length * 3.5)));
  }
});

Deno.test("jobSummary leaves room for the words about what it leaves out", () => {
  const many = found(...Array.from({ length: 1000 }, () => ({})));
  for (let size = 9000; size < 9050; size++) {
    const shown = page(many, size);
    assert(shown.length <= size);
    assert(/\nNot listed: \d+ failed\.\n\n$/.test(shown));
  }
});

Deno.test(`jobSummary shows text as text, whatever it is (seed ${SEED})`, () => {
  const anyText = fc.array(
    fc.constantFrom(
      "</pre>",
      "</code>",
      "<script>",
      "<img src=x>",
      "<!--",
      "&lt;",
      "&#60;",
      "```\n",
      "`",
      "\n\n",
      "\r",
      "|",
      "\n# head\n",
      "[a](https://example.com)",
      "@someone",
      "#1",
      "]]>",
      "\ud800",
      "\x1b[31m",
      "\u202e",
      "text",
    ),
    { maxLength: 12 },
  ).map((parts) => parts.join(""));
  fc.assert(
    fc.property(anyText, anyText, anyText, (name, path, content) => {
      const text = visibleLines(content);
      const shown = page(found({ name, text, place: { path, line: 1 } }));
      assert(shown.startsWith(HEAD));
      const entry = shown.slice(HEAD.length);
      // Blocks of HTML, each in its own lines; none ends before its time.
      const shape = text === ""
        ? /^<p><code>([^<\n]*)<\/code> failed, <code>([^<\n]*)<\/code><\/p>\n\n$/
        : /^<details><summary><code>([^<\n]*)<\/code> failed, <code>([^<\n]*)<\/code><\/summary>\n\n<pre>\n([^<]*)\n<\/pre>\n\n<\/details>\n\n$/;
      const match = shape.exec(entry);
      assert(match !== null, entry);
      // A reader sees the text, and "&" never begins anything else.
      const plain = match.slice(1).join("").replace(/&(lt|gt|amp|#13);/g, "");
      assert(!plain.includes("&"), plain);
      // deno-lint-ignore no-control-regex -- they are what is looked for
      assert(!/[\x00-\x09\x0b-\x1f\u202e]/.test(entry), entry);
    }),
    { seed: SEED, numRuns: 500 },
  );
});
