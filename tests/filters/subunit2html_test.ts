import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { PARSER_TEST_ID } from "@subunit/codec";
import fc from "fast-check";
import {
  DAMAGE_ID,
  MAX_STATIC_ARTICLES,
  OUTCOMES,
  type RunData,
  type TestLine,
} from "../../filters/report/html/data.ts";
import { callTool, peerCallTest, test } from "../support/call.ts";
import { assertForwards, assertRefused } from "../support/checks.ts";
import { hostileStream, PAYLOADS } from "../support/hostile.ts";
import {
  classesOf,
  type Element,
  elementsIn,
  readHtml,
  textIn,
} from "../support/html.ts";
import { keepRuns, runId } from "../support/kept_runs.ts";
import { filesIn, LiveTool, run, TempDir, text } from "../support/run.ts";
import { TempRepository } from "../support/runs.ts";
import {
  anyEvent,
  at,
  damaged,
  type EventFields,
  FAILED,
  file,
  noisyStream,
  PASSED,
  sample,
  stream,
  testsIn,
  textFile,
} from "../support/streams.ts";

const SEED = 20261127;

/** A report, read as a browser without scripts does. */
interface Read {
  readonly html: string;
  readonly root: Element;
  readonly lines: readonly TestLine[];
  /** Undefined if the report is cut off. */
  readonly run: RunData | undefined;
  /** By the numbers of their tests: those in the page. */
  readonly articles: ReadonlyMap<number, Element>;
  /** Those in noscript and in blocks of text. */
  readonly hidden: ReadonlyMap<number, Element>;
}

function readReport(html: string, isCut = false): Read {
  const root = readHtml(html, isCut);
  const lines: TestLine[] = [];
  let run: RunData | undefined;
  const articles = new Map<number, Element>();
  const hidden = new Map<number, Element>();
  for (const element of elementsIn(root)) {
    const { id = "", type } = element.attributes;
    const [, number] = /^t(\d+)$/.exec(id) ?? [];
    const content = textIn(element);
    if (element.name === "script" && type === "application/json") {
      if (id === "run") run = parsed(content);
      else {
        content.trim().split("\n").forEach((line) => {
          const found = parsed(line);
          if (found === undefined) assert(isCut, line);
          else lines.push(found);
        });
      }
    } else if (element.name === "script" && type === "text/html") {
      hidden.set(
        Number(number),
        readHtml(`<!doctype html>\n${content}`, isCut),
      );
    } else if (number === undefined) continue;
    else if (element.name === "noscript") hidden.set(Number(number), element);
    else {
      assertEquals(element.name, "article");
      articles.set(Number(number), element);
    }
  }
  return { html, root, lines, run, articles, hidden };
}

function parsed(json: string) {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

async function reportOf(
  input: Uint8Array,
  ...args: string[]
): Promise<Read> {
  const { stdout } = await callTool("subunit2html", [
    "--no-passthrough",
    ...args,
  ], { stdin: input });
  return readReport(text(stdout));
}

function only(element: Element, name: string, className?: string): Element[] {
  return [...elementsIn(element)].filter((one) =>
    one.name === name &&
    (className === undefined || classesOf(one).includes(className))
  );
}

const TRACEBACK = `Traceback (most recent call last):
  File "/usr/lib/python3/unittest/case.py", line 58, in run
  File "shop/basket.py", line 3, in total
AssertionError: 4 != 5
`;

test("subunit2html shows the verdict, failures with their reasons, and all tests", async () => {
  const { root, lines, run, articles, hidden } = await reportOf(
    stream(
      {
        testId: "basket.ok",
        status: "inprogress",
        routeCode: "0",
        timestamp: at("01:02:03"),
      },
      {
        testId: "basket.ok",
        status: "success",
        routeCode: "0",
        timestamp: at("01:02:03.25"),
      },
      {
        testId: "basket.total",
        status: "fail",
        tags: ["slow"],
        parentTestId: "basket",
        timestamp: at("01:02:05"),
        ...textFile("traceback", TRACEBACK),
      },
      { testId: "basket.later", status: "skip", ...textFile("reason", "rain") },
      { testId: "basket.hangs", status: "inprogress" },
      "words\n",
      {
        testId: "make: exit status",
        status: "exists",
        ...textFile("reason", "exit status 3"),
      },
      damaged(PASSED),
    ),
    "--title=Basket & co",
    "--commit=v1<2",
  );
  const started = at("01:02:03").seconds;
  assertEquals(lines.slice(0, 3), [
    ["basket.ok", 0, started, 0.25, "0", [], null, 0, null],
    [
      "basket.total",
      3,
      started + 2,
      null,
      null,
      ["slow"],
      "basket",
      1,
      "AssertionError: 4 != 5",
    ],
    ["basket.later", 2, null, null, null, [], null, 1, "rain"],
  ]);
  assertEquals(lines[3].slice(0, 2), ["subunit.parser", 3]);
  assertEquals(lines[4], [
    "basket.hangs",
    5,
    null,
    null,
    null,
    [],
    null,
    1,
    "The test started and never ended",
  ]);
  assertEquals(run, {
    title: "Basket & co",
    counts: [1, 0, 1, 1, 0, 1],
    tests: 4,
    began: started,
    ended: started + 2,
    routes: [["0", [1, 0, 0, 0, 0, 0]], [null, [0, 0, 1, 1, 0, 1]]],
    otherRoutes: null,
    damage: 1,
    textBytes: 6,
    commands: ["make: exit status 3"],
    commit: "v1<2",
    version: run!.version,
  });
  assertEquals([...articles.keys()], [2, 4, 5]);
  assertEquals([...hidden.keys()], [3]);
  assertEquals(
    textIn(articles.get(2)!),
    `
basket.total
fail subtest of basket slow
AssertionError: 4 != 5
traceback 160 bytes

${TRACEBACK}

`,
  );
  assertEquals(textIn(only(articles.get(4)!, "h3")[0]), "Damage to the stream");
  assertEquals(DAMAGE_ID, PARSER_TEST_ID);
  const [verdict] = only(root, "section").filter(({ attributes }) =>
    attributes.id === "verdict"
  );
  assertEquals(verdict.attributes.class, "bad");
  assertEquals(
    textIn(verdict).replace(/\n+/g, "\n"),
    `
Basket & co
Failed: 1 failed, 1 lost of 4 tests; the stream is damaged in 1 place.
1 damaged
1 failed
1 lost
1 skipped
1 passed
Took2.00 s
Began2026-01-31 01:02:03 UTC
Ended2026-01-31 01:02:05 UTC
Commandmake: exit status 3
Commitv1<2
Text beside the tests6 bytes
Made bysubunit2html ${run!.version}
Routes
Routefailedlostskippedpassed
00001
none1110
`,
  );
});

test("subunit2html marks frames, and those in the project", async () => {
  using dir = new TempDir();
  Deno.mkdirSync(`${dir.path}/shop`);
  dir.file("shop/basket.py", "");
  const input = stream({
    testId: "a",
    status: "fail",
    ...textFile(
      "traceback",
      TRACEBACK.replace('"shop', `"${dir.path}/shop`).replace(
        "Assertion",
        "\x1b[1;31mAssertion",
      ),
    ),
  });
  const { articles } = await reportOf(input, `--root=${dir.path}`);
  const [pre] = only(articles.get(1)!, "pre");
  const spans = only(pre, "span").map((
    span,
  ) => [classesOf(span), textIn(span)]);
  assertEquals(spans, [
    [
      ["frame"],
      '  File "/usr/lib/python3/unittest/case.py", line 58, in run',
    ],
    [
      ["frame", "own"],
      `  File "${dir.path}/shop/basket.py", line 3, in total`,
    ],
    [["fg1", "bold"], "AssertionError: 4 != 5"],
  ]);
});

test("subunit2html marks the frames of the reason, and not those of long logs", async () => {
  const { articles } = await reportOf(stream(
    { testId: "a", ...textFile("log", TRACEBACK.repeat(300)) },
    { testId: "a", ...textFile("short", TRACEBACK) },
    { testId: "a", ...textFile("traceback", TRACEBACK) },
    { testId: "a", status: "fail" },
  ));
  const counts = only(articles.get(1)!, "details")
    .map((one) => only(one, "span", "frame").length);
  assertEquals(counts, [2, 0, 2]);
});

test("subunit2html groups the files of earlier attempts", async () => {
  const { articles, lines } = await reportOf(stream(
    { testId: "a", ...textFile("attempt-1 traceback", "ValueError: one") },
    { testId: "a", ...textFile("attempt-2 traceback", "ValueError: two") },
    { testId: "a", ...textFile("attempt-2 stdout", "words") },
    { testId: "a", ...textFile("log", "words") },
    { testId: "a", status: "success", tags: ["flaky"] },
  ));
  assertEquals(lines[0][8], "ValueError: two");
  const [log, ...attempts] = articles.get(1)!.children
    .filter((child) => typeof child !== "string")
    .filter(({ name }) => name === "details");
  assertEquals(textIn(log), "log 5 bytes\n\nwords\n");
  assertEquals(attempts.map(classesOf), [["attempt"], ["attempt"]]);
  assertEquals(attempts.map((one) => textIn(one).replace(/\n+/g, "\n")), [
    "Attempt 2\ntraceback 15 bytes\nValueError: two\nstdout 5 bytes\nwords\n",
    "Attempt 1\ntraceback 15 bytes\nValueError: one\n",
  ]);
});

/** The smallest image of each format, by its name. */
const PNG = Uint8Array.from(
  atob(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  ),
  (character) => character.charCodeAt(0),
);

test("subunit2html shows images, and offers other files to save", async () => {
  const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => i * 7);
  const { articles } = await reportOf(stream(
    { testId: "a", ...file("screen", PNG, "application/octet-stream") },
    ...[bytes.subarray(0, 50_000), bytes.subarray(50_000)].map((
      fileBytes,
    ): EventFields => ({
      testId: "a",
      fileName: "../core",
      fileBytes,
      mimeType: "application/octet-stream",
    })),
    { testId: "a", ...file("page", "<b>", "text/html") },
    { testId: "a", ...file("drawing", "<svg/>", "image/svg+xml") },
    { testId: "a", ...file("empty", "") },
    { testId: "a", status: "fail" },
  ));
  const article = articles.get(1)!;
  const [image, ...noImage] = only(article, "img");
  assertEquals(noImage, []);
  assertEquals(image.attributes.alt, "screen");
  assertEquals(dataOf(image.attributes.src, "image/png"), PNG);
  const [core, drawing] = only(article, "a").slice(1);
  assertEquals(core.attributes.download, ".._core");
  const type = "application/octet-stream";
  assertEquals(dataOf(core.attributes.href, type), bytes);
  assertEquals(text(dataOf(drawing.attributes.href, type)), "<svg/>");
  assertStringIncludes(textIn(article), "page text/html, 3 bytes\n\n<b>\n");
  assertStringIncludes(textIn(article), "empty 0 bytes\n");
});

function dataOf(address: string, type: string): Uint8Array {
  const start = `data:${type};base64,`;
  assert(address.startsWith(start), address.slice(0, 100));
  return Uint8Array.from(
    atob(address.slice(start.length)),
    (character) => character.charCodeAt(0),
  );
}

const LONG = stream(
  { testId: "a/b", ...textFile("log.html", `<b>${"x".repeat(5000)}</b>`) },
  { testId: "a/b", ...file("core", new Uint8Array(5000), "image/png") },
  { testId: "a/b", ...file("short", "words", "text/plain") },
  { testId: "a/b", ...file("x".repeat(300) + ".svg", new Uint8Array(2000)) },
  { testId: "a/b", status: "fail" },
);

test("subunit2html cuts files longer than --max-attachment", async () => {
  const { articles, html } = await reportOf(LONG, "--max-attachment=1K");
  const shown = textIn(articles.get(1)!);
  assertStringIncludes(
    shown,
    "\nIts middle is left out: --max-attachment is 1.0 kB.\n",
  );
  assertMatch(shown, /<b>x+\n\[3983 characters left out\]\nx+<\/b>\n/);
  assertStringIncludes(
    shown,
    "\nIt is left out: --max-attachment is 1.0 kB.\n",
  );
  assertStringIncludes(shown, "words");
  assertEquals(html.includes("base64"), false);
});

test("subunit2html writes long files beside the report, with harmless names", async () => {
  using dir = new TempDir();
  const [report, files] = [`${dir.path}/out/a.html`, `${dir.path}/files/of a`];
  Deno.mkdirSync(`${dir.path}/out`);
  await callTool("subunit2html", [
    "--max-attachment=1000",
    `--attachments=${files}`,
    "-o",
    report,
  ], { stdin: LONG });
  const { articles } = readReport(Deno.readTextFileSync(report));
  const links = only(articles.get(1)!, "a").slice(1)
    .map(({ attributes }) => attributes);
  assertEquals(links.map(({ href }) => href), [
    "../files/of%20a/a%252Fb/log.html.txt",
    "../files/of%20a/a%252Fb/core.bin",
    `../files/of%20a/a%252Fb/${"x".repeat(48)}.bin`,
  ]);
  // A browser saves it: it does not open it.
  assert(links.every(({ download }) => download === ""));
  assertEquals(Object.keys(filesIn(files)).sort(), [
    "a%2Fb/core.bin",
    "a%2Fb/log.html.txt",
    `a%2Fb/${"x".repeat(48)}.bin`,
  ]);
  for (const { href } of links) {
    const { pathname } = new URL(href, `file://${report}`);
    assert(Deno.statSync(decodeURIComponent(pathname)).size > 1000);
  }
});

test("subunit2html has the first failures as elements, later ones in noscript", async () => {
  const count = MAX_STATIC_ARTICLES + 20;
  const { articles, hidden, lines } = await reportOf(stream(
    ...Array.from({ length: count }, (_, i): EventFields[] => [
      { testId: `ok ${i}`, status: "success" },
      { testId: `bad ${i}`, status: "fail", ...textFile("traceback", `E${i}`) },
    ]).flat(),
  ));
  assertEquals(lines.length, 2 * count);
  assertEquals(articles.size, MAX_STATIC_ARTICLES);
  assertEquals(hidden.size, 20);
  for (const [number, noscript] of hidden) {
    assertEquals(noscript.name, "noscript");
    const [article] = only(noscript, "article");
    // The element around it has the id.
    assertEquals(Object.keys(article.attributes), ["class"]);
    assertStringIncludes(textIn(article), `bad ${number / 2 - 1}`);
  }
});

/** Elements and attributes that a report may have; with data, of these forms. */
const ATTRIBUTES: Readonly<Record<string, Readonly<Record<string, RegExp>>>> = {
  html: { lang: /^en$/ },
  head: {},
  body: {},
  meta: {
    charset: /^utf-8$/,
    "http-equiv": /^Content-Security-Policy$/,
    name: /^(viewport|color-scheme)$/,
    content: /^[a-z0-9 ,=.:;'+/-]+$/i,
  },
  title: {},
  style: {},
  script: {
    type: /^(application\/json|text\/html)$/,
    class: /^tests$/,
    id: /^(t\d+|run)$/,
  },
  main: { id: /^report$/ },
  section: { id: /^(failures|verdict)$/, class: /^(good|bad|empty)$/ },
  article: { id: /^t\d+$/, class: /^test [a-z]+$/ },
  noscript: { id: /^t\d+$/ },
  details: { class: /^(file( reason)?|attempt)$/, open: /^$/ },
  a: {
    href: /^(#test=\d+|data:application\/octet-stream;base64,[\w+/]*=*)$/,
    download: /^[^/\\]*$/,
  },
  img: { alt: /^/, src: /^data:image\/(png|gif);base64,[\w+/]*=*$/ },
  span: {
    class:
      /^(route|seconds|parent|tag|frame( own)?|((fg|bg)\d+|bold|dim|italic|underline|inverse|strike)( (fg\d+|bold|dim|italic|underline|inverse|strike))*)$/,
  },
  p: { id: /^cut$/, class: /^(facts|headline|summary|note)$/ },
  b: { class: /^outcome$/ },
  ul: { class: /^counts$/ },
  li: { class: /^[a-z]+$/ },
  dl: { class: /^run$/ },
  table: { class: /^routes$/ },
  th: { scope: /^(row|col)$/ },
  td: { class: /^[a-z]+$/ },
  time: { datetime: /^[\d:TZ-]+$/ },
};
const PLAIN =
  /^(h[123]|pre|summary|small|i|br|dt|dd|code|caption|thead|tbody|tr)$/;

function assertHarmless(root: Element): void {
  for (const { name, attributes } of elementsIn(root)) {
    const allowed = ATTRIBUTES[name] ?? (PLAIN.test(name) ? {} : undefined);
    assert(allowed !== undefined, `element ${name}`);
    for (const [attribute, value] of Object.entries(attributes)) {
      assert(allowed[attribute], `${name} has ${attribute}`);
      assertMatch(value, allowed[attribute]);
    }
  }
}

test("subunit2html makes no markup of text from a stream", async () => {
  const { root, hidden, lines, run } = await reportOf(hostileStream());
  assertHarmless(root);
  for (const element of hidden.values()) assertHarmless(element);
  // Scripts that run: ours alone.
  const scripts = only(root, "script")
    .filter(({ attributes }) => attributes.type === undefined);
  assertEquals(scripts.length, 1);
  assertEquals(only(root, "style").length, 1);
  // Nothing is missing, and the data is as it was.
  const ids = testsIn(hostileStream()).map((test) =>
    "kind" in test ? "subunit.parser" : test.testId
  );
  assertEquals(lines.map(([id]) => id), ids);
  assertEquals(run!.damage, Object.keys(PAYLOADS).length);
  const tags = new Set(lines.flatMap((line) => line[5]));
  for (const payload of Object.values(PAYLOADS)) assert(tags.has(payload));
});

test("subunit2html keeps the files of a hostile stream in their folder", async () => {
  using dir = new TempDir();
  const { html, hidden, root } = await reportOf(
    hostileStream(),
    "--max-attachment=0",
    `--attachments=${dir.path}/files`,
  );
  assertEquals(Array.from(Deno.readDirSync(dir.path), ({ name }) => name), [
    "files",
  ]);
  const written = Object.keys(filesIn(dir.path));
  // No server takes them for documents: a number may follow.
  for (const path of written) {
    assertMatch(path, /^files\/[^/]+\/[^/]+\.(txt|bin)(-\d+)?$/s);
  }
  const links = [root, ...hidden.values()]
    .flatMap((element) => only(element, "a"))
    .map(({ attributes }) => attributes)
    .filter(({ href }) => !href.startsWith("#"));
  const base = `file://${Deno.cwd()}/`;
  for (const { href, download } of links) {
    assertEquals(download, "");
    assertMatch(href, /^(\.\.\/)+[\w.%!'()*~/-]+$/);
    const path = decodeURIComponent(new URL(href, base).pathname);
    assert(written.includes(path.slice(dir.path.length + 1)), href);
  }
  assertEquals(links.length, written.length);
  assertEquals(html.includes("base64"), false);
});

test("subunit2html escapes control characters in all of the file", async () => {
  const { html } = await reportOf(hostileStream());
  const hostile =
    // deno-lint-ignore no-control-regex -- looks for control characters
    /[\0-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/;
  assertEquals(hostile.exec(html.replaceAll("\r\n", "\n")), null);
});

test("subunit2html's policy allows its own script and style by their hashes", async () => {
  const { root } = await reportOf(stream(PASSED));
  const [policy] = only(root, "meta")
    .filter(({ attributes }) => attributes["http-equiv"] !== undefined)
    .map(({ attributes }) => attributes.content.split("; "));
  const hashOf = async (name: string) => {
    const [element] = only(root, name);
    const bytes = new TextEncoder().encode(textIn(element));
    const hash = await crypto.subtle.digest("SHA-256", bytes);
    return `'sha256-${btoa(String.fromCharCode(...new Uint8Array(hash)))}'`;
  };
  assertEquals(policy, [
    "default-src 'none'",
    `script-src ${await hashOf("script")}`,
    `style-src ${await hashOf("style")}`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ]);
});

peerCallTest(
  "xmllint reads the elements of a hostile report as we do",
  ["xmllint"],
  async () => {
    using dir = new TempDir();
    const { html, root } = await reportOf(hostileStream());
    const path = dir.file("report.html", html);
    const names = ["script", "img", "a", "article", "span", "meta", "iframe"];
    const counts = names.map((name) => `count(//${name})`);
    const { stdout } = await run([
      "xmllint",
      "--html",
      "--huge",
      "--encode",
      "utf-8",
      "--xpath",
      `concat(${counts.join(", ' ', ")})`,
      path,
    ]);
    assertEquals(
      text(stdout).trim(),
      names.map((name) => only(root, name).length).join(" "),
    );
  },
);

test("subunit2html's report can be read wherever it is cut", async () => {
  const { html, lines, articles } = await reportOf(stream(
    ...Array.from({ length: 3 }, (_, i): EventFields[] => [
      { testId: `ok & <${i}>`, status: "success" },
      { testId: "log", status: "success", ...textFile("log", "<words>") },
      {
        testId: "bad",
        status: "fail",
        ...textFile("traceback", "\x1b[31m<b>\n" + TRACEBACK),
      },
    ]).flat(),
  ));
  const start = html.indexOf("<section");
  for (let end = start; end < html.length; end++) {
    const prefix = html.slice(0, end);
    const read = readReport(prefix, true);
    assertEquals(read.lines, lines.slice(0, read.lines.length));
    // All that was written is read.
    const ended = prefix.match(/^\[.*\]$/gm)?.length ?? 0;
    assert(read.lines.length >= ended - 1);
    const whole = prefix.match(/^<\/article>$/gm)?.length ?? 0;
    assert(read.articles.size + read.hidden.size >= whole);
    for (const [number, article] of [...read.articles].slice(0, -1)) {
      assertEquals(article, articles.get(number));
    }
  }
});

test(`subunit2html has every test of any stream (seed ${SEED})`, async () => {
  for (const input of sample(noisyStream, 100, SEED)) {
    const { lines, run, root } = await reportOf(input);
    assertHarmless(root);
    const tests = testsIn(input);
    const expected = tests.map((test) =>
      "kind" in test ? ["subunit.parser", "fail"] : [test.testId, test.outcome]
    );
    assertEquals(lines.map(([id, code]) => [id, OUTCOMES[code]]), expected);
    assertEquals(run!.tests + run!.damage, tests.length);
  }
});

test(`subunit2html shows any event (seed ${SEED})`, async () => {
  const events = sample(fc.array(anyEvent(), { minLength: 1 }), 100, SEED);
  for (const some of events) {
    const { root, hidden } = await reportOf(
      stream(...some),
      "--max-attachment=50",
    );
    assertHarmless(root);
    for (const element of hidden.values()) assertHarmless(element);
  }
});

test("subunit2html states that there are no tests", async () => {
  const { root } = await reportOf(new Uint8Array(0));
  const [summary] = only(root, "p", "summary");
  assertEquals(textIn(summary), "No tests: the stream has no results.");
  const [verdict] = only(root, "section", "empty");
  assert(verdict !== undefined);
});

test("subunit2html refuses what it does not understand", async () => {
  const stdin = { stdin: stream(FAILED) };
  for (
    const [args, ...words] of [
      [["--max-attachment=x"], "--max-attachment", "256K"],
      [["--titel=x"], "--title"],
    ] as const
  ) {
    const refused = await callTool("subunit2html", args, stdin);
    assertRefused(refused, "subunit2html", ...words);
  }
});

Deno.test("subunit2html's report can be read while it is written", async () => {
  using dir = new TempDir();
  const path = `${dir.path}/report.html`;
  await using tool = new LiveTool("subunit2html", ["-f", "-o", path]);
  let written = 0;
  for (const testId of ["a", "b"]) {
    const event = stream({ testId, status: "fail" });
    await tool.write(event);
    // The report is written before the stream passes on.
    await tool.read(written += event.length);
    const { lines, articles } = readReport(Deno.readTextFileSync(path), true);
    assertEquals(lines.at(-1)?.[0], testId);
    assertEquals(articles.size, lines.length);
  }
});

Deno.test("subunit2html --forward passes the stream on", async () => {
  const report = await assertForwards(
    "subunit2html",
    stream(PASSED, "text\n", FAILED),
  );
  const { run } = readReport(report);
  assertEquals([run?.tests, run?.textBytes], [2, 5]);
});

test("subunit2html --history tags failures with since when they fail", async () => {
  using repository = new TempRepository();
  keepRuns(repository, "a P b F c P", "a P b F c P");
  const { stdout } = await callTool(
    "subunit2html",
    [`--history=${repository.path}`],
    {
      stdin: stream(
        { testId: "a", status: "fail" },
        { testId: "b", status: "fail", tags: ["slow"] },
        { testId: "c", status: "success" },
      ),
    },
  );
  const tags = elementsIn(readHtml(text(stdout)))
    .filter((element) => classesOf(element).includes("tag")).map(textIn);
  assertEquals([...tags], ["new-fail", "slow", `since:${runId(0)}`]);
});
