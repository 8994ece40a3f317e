/**
 * The documents, their commands, and the files that these commands read.
 *
 * @module
 */

import { quote } from "../../scripts/tool_path.ts";
import { fixture, ROOT, run, type TempDir } from "./run.ts";
import { at, type EventFields, stream } from "./streams.ts";

/** The documents whose commands are run, by their path in the repository. */
export const DOCUMENTS: ReadonlyMap<string, string> = new Map(
  [
    "README.md",
    ...Array.from(Deno.readDirSync(new URL("docs/", ROOT)), ({ name }) => name)
      .filter((name) => name.endsWith(".md")).sort()
      .map((name) => `docs/${name}`),
  ].map((path) => [path, Deno.readTextFileSync(new URL(path, ROOT))]),
);

/** A block of commands, and the output that the document shows. */
export interface Block {
  readonly commands: string;
  readonly printed: string;
}

/** The blocks of commands of a document, in order. */
export function commandBlocks(markdown: string): Block[] {
  const blocks = markdown.matchAll(
    /^```sh\n(.*?)^```$(?:\n\n```text\n(.*?)^```$)?/gms,
  );
  return Array.from(
    blocks,
    ([, commands, printed = ""]) => ({ commands, printed }),
  );
}

/** The first block of commands after the given words in a document. */
export function blockBehind(words: string): string {
  for (const markdown of DOCUMENTS.values()) {
    const at = markdown.indexOf(words);
    if (at >= 0) return commandBlocks(markdown.slice(at))[0].commands;
  }
  throw new Error(`No document has the words "${words}"`);
}

/** The README's blocks of commands that install the tools. */
export function installations(): string[] {
  const blocks = DOCUMENTS.get("README.md")!.matchAll(
    /^```\n(npx .*?)^```$/gms,
  );
  // The first block is the demo and the tests.
  return Array.from(blocks, ([, commands]) => commands).slice(1);
}

/** The commands with this Deno, whose modules the original HOME has. */
export function withThisDeno(commands: string): string {
  return commands.replaceAll(
    "npx -y deno@2.9.6",
    `HOME=${quote(Deno.env.get("HOME")!)} ${quote(Deno.execPath())}`,
  );
}

const NODE_SUITE = `import { test } from "node:test";
test("lists what it has", () => {});
test("pays with a card", () => { throw new Error("declined"); });
`;

/** A worker of this suite dies. */
const PROBE_SUITE = `import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
test("leaves Earth", () => {});
test("lands on Mars", async () => {
  await setTimeout(100);
  process.kill(process.pid, "SIGKILL");
});
test("phones home", () => {});
`;

const BASKET_SUITE = `import { test } from "node:test";
test("is empty at first", () => {});
`;

const DENO_SUITE = `Deno.test("planets are counted", () => {});
Deno.test("Pluto is a planet", () => {
  throw new Error("it is not in the list");
});
`;

const LEGACY_SUITE = `#!/bin/sh
echo 'test: opens'
echo 'success: opens'
echo 'test: closes'
`;

/** Prints results as a packet that is made here: shards need no tools. */
const SHARD = `#!/bin/sh
cat "shard-$1"
`;

const RUN_TESTS = `#!/bin/sh
cat first.subunit
exit 1
`;

const DEPLOY = `#!/bin/sh
echo 'cannot reach the server'
exit 1
`;

const GRADLEW = `#!/bin/sh
mkdir -p reports && cp '${fixture("junit/gtest.xml")}' reports
exit 1
`;

/**
 * Stand-ins for runners that need not be installed. Each prints the recorded
 * output of the real one; the README beside each recording names the version.
 * npx and go print no results for other arguments.
 */
const RUNNERS = {
  go: `[ "$*" = "test -json ./..." ] && cat '${
    fixture("gojson/go1.19.jsonl")
  }'`,
  pytest: `cat '${fixture("junit/pytest.xml")}' > "\${1#--junitxml=}"`,
  npx: `case $* in
"vitest run --reporter=junit") cat '${fixture("recipes/vitest.xml")}' ;;
"playwright test --reporter=junit") cat '${
    fixture("recipes/playwright.xml")
  }' ;;
*) echo "Not recorded: $*" ;;
esac`,
};

/** A run in which a test fails after seven seconds and another is lost. */
function lossyRun(): Uint8Array {
  const slow: EventFields = { testId: "shop.test_slow", routeCode: "0" };
  return stream(
    { testId: "shop.test_list", status: "success", tags: ["nightly"] },
    { ...slow, status: "inprogress", timestamp: at("01:00:00") },
    { testId: "shop.test_lost", status: "inprogress" },
    { ...slow, status: "fail", timestamp: at("01:00:07") },
  );
}

/** A run in which one test is tried again, and another one fails. */
function flakyRun(): Uint8Array {
  return stream(
    { testId: "shop.test_list", status: "success" },
    { testId: "shop.test_pay", status: "fail" },
    { testId: "shop.test_pay", status: "success" },
    { testId: "shop.test_mail", status: "fail" },
  );
}

/** A list of known failures. */
const KNOWN =
  "# what\tuntil\tticket\treason\nshop.test_mail\t2026-12-31\tshop#71\tthe server is slow\n";

/** A run of the tests that shop.json asks for, and of others. */
function shopRun(): Uint8Array {
  const passed = (testId: string): EventFields => ({
    testId,
    status: "success",
  });
  return stream(
    passed("order.create"),
    { testId: "order.create", fileName: "log", fileBytes: stream("a word") },
    passed("order.create"),
    passed("refund.full"),
    { testId: "refund.part", status: "fail" },
    passed("stock.count"),
  );
}

/** A run of a shop whose server listens at no port: two tests have one cause. */
function refusedRun(day: string, port: number, isPaid: boolean): Uint8Array {
  const timestamp = {
    seconds: Date.parse(`${day}T02:00:00Z`) / 1000,
    nanoseconds: 0,
  };
  const refused = (testId: string): EventFields => ({
    testId: `test_shop.${testId}`,
    status: "fail",
    fileName: "traceback",
    mimeType: "text/plain;charset=utf8",
    fileBytes: new TextEncoder().encode(`Traceback (most recent call last):
  File "/home/ci/shop/test_shop.py", line 42, in ${testId}
    client.call(7)
  File "/home/ci/shop/client.py", line 12, in connect
    s.connect(("127.0.0.1", self.port))
ConnectionRefusedError: [Errno ${port}] Connection refused
`),
  });
  return stream(
    { testId: "test_shop.test_list", status: "inprogress", timestamp },
    { testId: "test_shop.test_list", status: "success" },
    refused("test_refund"),
    refused("test_order"),
    isPaid ? { testId: "test_shop.test_pay", status: "success" } : {
      ...refused("test_pay"),
      fileBytes: new TextEncoder().encode("AssertionError: no receipt\n"),
    },
  );
}

/** The previous run. */
function yesterday(): Uint8Array {
  return stream(
    { testId: "shop.test_list", status: "success", tags: ["nightly"] },
    { testId: "shop.test_slow", status: "success", routeCode: "0" },
    { testId: "shop.test_gone", status: "success" },
  );
}

/**
 * A suite of three tests on night N, of which one is flaky, and another one
 * fails since a commit.
 */
const SHOP_SUITE = `#!/bin/sh
. ./prices
night=$(($(cat .night) + 1))
echo $night > .night
test $((night % 3)) = 0 && sent=fail || sent=success
test $((2 * price)) = 10 && total=success || total=fail
event() {
  printf '{"test_id":"%s","test_status":"%s","timestamp":"2026-11-%02dT02:00:0%dZ"}\\n' $1 $2 $night $3
}
{
  event test_cart.py::test_empty inprogress 0
  event test_cart.py::test_empty success 1
  event test_cart.py::test_total inprogress 1
  event test_cart.py::test_total $total 3
  event test_mail.py::test_send inprogress 3
  event test_mail.py::test_send $sent 4
} | json2subunit
`;

/** Makes its history: a commit per line, of the price and what is new. */
const SHOP_HISTORY = `set -e
git init -q -b main
git config user.name Ann
git config user.email ann@shop.example
printf '.night\\nsuite\\nknown.txt\\n' > .git/info/exclude
echo 0 > .night
export GIT_AUTHOR_DATE=2026-11-01T00:00Z GIT_COMMITTER_DATE=2026-11-01T00:00Z
commit() {
  echo "price=$1" > prices
  echo "$2" > news
  git add prices news
  git commit -q -m "$2"
}
commit 5 'Open the shop'
git switch -q -c team
commit 5 'Sell tea'; git tag mon
commit 5 'Sell jam'; git tag tue
commit 5 'Sell ink'; git tag wed
commit 5 'Sell oil'; git tag thu
commit 5 'Sell salt'
commit 6 'Round prices up'
commit 6 'Sell bread'; git tag fri
git switch -q main
`;

/** Makes the work tree in which the commands of docs/repository.md run. */
export async function furnishShop(dir: TempDir): Promise<void> {
  Deno.chmodSync(dir.file("suite", SHOP_SUITE), 0o755);
  const { status, stderr } = await run(["bash", "-c", SHOP_HISTORY], {
    cwd: dir.path,
    env: NO_GIT_SETTINGS,
  });
  if (status !== 0) throw new Error(stderr);
}

/** Those of a user may sign commits, or color what git prints. */
export const NO_GIT_SETTINGS: Readonly<Record<string, string>> = {
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_NOSYSTEM: "1",
};

/**
 * Returns a text in which the random halves of runs' names are numbers, by the
 * order in which they first appear.
 */
export function withoutChance(text: string): string {
  const halves = new Map<string, string>();
  return text.replace(/\b(\d{8}T\d{6}-)([0-9a-f]{8})\b/g, (_, time, half) => {
    if (!halves.has(half)) halves.set(half, `run${halves.size + 1}`);
    return time + halves.get(half);
  });
}

/**
 * Writes the files that commands of the documents need into a directory.
 *
 * @returns its folder of runners, for the PATH
 */
export function furnish(dir: TempDir, commands = ""): string {
  dir.file("shop.test.mjs", NODE_SUITE);
  dir.file("planets_test.ts", DENO_SUITE);
  dir.file("run.subunit", lossyRun());
  dir.file("first.subunit", lossyRun());
  dir.file("yesterday.subunit", yesterday());
  dir.file("flaky.subunit", flakyRun());
  dir.file("ci-1.subunit", refusedRun("2026-11-19", 111, true));
  dir.file("ci-2.subunit", refusedRun("2026-11-20", 61, false));
  dir.file("known.txt", KNOWN);
  dir.file("shop.json", Deno.readTextFileSync(fixture("conform/shop.json")));
  dir.file("shop-run.subunit", shopRun());
  dir.file("known-failures", "shop.test_slow\n");
  dir.file("ids", "shop.test_list\nshop.test_slow\nshop.test_never\n");
  dir.file("shard-1", stream({ testId: "shop.test_list", status: "success" }));
  dir.file("shard-2", stream({ testId: "shop.test_pay", status: "fail" }));
  for (
    const [name, script] of [
      ["legacy-suite", LEGACY_SUITE],
      ["shard", SHARD],
      ["run-tests", RUN_TESTS],
      ["deploy", DEPLOY],
      ["gradlew", GRADLEW],
    ]
  ) Deno.chmodSync(dir.file(name, script), 0o755);
  // Otherwise `node --test` without a file would find these too.
  if (commands.includes("probe.test.mjs")) {
    dir.file("probe.test.mjs", PROBE_SUITE);
  }
  if (commands.includes("packages/")) furnishPackages(dir);
  return folderOfRunners(dir);
}

function furnishPackages(dir: TempDir): void {
  const suites = { basket: BASKET_SUITE, till: NODE_SUITE };
  for (const [name, suite] of Object.entries(suites)) {
    Deno.mkdirSync(`${dir.path}/packages/${name}`, { recursive: true });
    dir.file(`packages/${name}/${name}.test.mjs`, suite);
  }
}

function folderOfRunners(dir: TempDir): string {
  Deno.mkdirSync(`${dir.path}/runners`);
  for (const [name, commands] of Object.entries(RUNNERS)) {
    // Some of the recorded tests failed.
    const script = `#!/bin/sh\n${commands}\nexit 1\n`;
    Deno.chmodSync(dir.file(`runners/${name}`, script), 0o755);
  }
  return `${dir.path}/runners`;
}
