/**
 * `deno task faults`: runs the small shops in `tests/fixtures/faults/shops/` with
 * the runners that are installed, and records their failures in
 * `tests/fixtures/faults/corpus.jsonl`. Each shop runs in two folders, the second
 * time with its lines shifted; Python runs in every version that is there.
 *
 * @module
 */

import { eventFromJson, TestCollator } from "@subunit/codec";
import type { Recorded } from "../../tests/support/fault_corpus.ts";

const FIXTURES = new URL("../../tests/fixtures/faults/", import.meta.url)
  .pathname;
const FILTERS = new URL("../../filters/", import.meta.url).pathname;

const decoder = new TextDecoder();

function output(
  [command, ...args]: readonly string[],
  cwd: string,
  env: Record<string, string> = {},
  stdin?: Uint8Array,
): string {
  const shell = [command, ...args];
  const file = stdin === undefined ? "/dev/null" : `${cwd}/.input`;
  if (stdin !== undefined) Deno.writeFileSync(file, stdin);
  const { stdout, stderr } = new Deno.Command("sh", {
    args: ["-c", 'file=$1; shift; exec "$@" < "$file"', "sh", file, ...shell],
    cwd,
    env: { NO_COLOR: "1", ...env },
  }).outputSync();
  return decoder.decode(stdout) + decoder.decode(stderr);
}

/** The version of a tool; undefined if it is not installed. */
function versionOf(command: readonly string[]): string | undefined {
  try {
    const { success, stdout, stderr } = new Deno.Command(command[0], {
      args: command.slice(1),
    }).outputSync();
    return success
      ? decoder.decode(stdout.length > 0 ? stdout : stderr).trim().split(
        "\n",
      )[0]
      : undefined;
  } catch {
    return undefined;
  }
}

/** A failure before its language is known. */
type Failure = readonly [testId: string, name: string, text: string];

/** The failures in what a converter reads. */
export function converted(tool: string, text: string, cwd: string): Failure[] {
  const packets = new Deno.Command("sh", {
    args: [
      "-c",
      '"$1" run -A -q "$2/$3.ts" "$4" | "$1" run -A -q "$2/subunit2json.ts"',
      "sh",
      Deno.execPath(),
      FILTERS,
      tool,
      (Deno.writeTextFileSync(`${cwd}/.text`, text), `${cwd}/.text`),
    ],
  }).outputSync();
  const collator = new TestCollator({ attachments: true, borrows: false });
  const failures: Failure[] = [];
  for (const line of decoder.decode(packets.stdout).split("\n")) {
    const test = line === "" ? undefined : collator.add(eventFromJson(line));
    if (test?.outcome !== "fail") continue;
    for (const { name, bytes } of test.attachments) {
      failures.push([test.testId, name, decoder.decode(bytes)]);
    }
  }
  return failures;
}

/** The parts of an output that begin with `=== test id`. */
function sections(text: string): Failure[] {
  return text.split(/^=== /m).slice(1).map((part): Failure => {
    const end = part.indexOf("\n");
    return [part.slice(0, end), "traceback", part.slice(end + 1)];
  });
}

/** A shop: what runs it, and how. */
interface Shop {
  readonly language: string;
  readonly version: readonly string[];
  /** What lines are shifted with. */
  readonly comment: string;
  readonly sources: RegExp;
  run(cwd: string): Failure[];
}

const PYTHONS = ["3.6", "3.8", "3.11", "3.12", "3.13"];

const SHOPS: readonly Shop[] = [
  ...PYTHONS.map((version): Shop => ({
    language: "python",
    version: [`python${version}`, "--version"],
    comment: "#",
    sources: /\.py$/,
    run: (cwd) =>
      JSON.parse(output([`python${version}`, "-B", "record.py"], cwd))
        .map(([id, text]: [string, string]) => [id, "traceback", text]),
  })),
  {
    language: "node",
    version: ["node", "--version"],
    comment: "//",
    sources: /\.mjs$/,
    run: (cwd) =>
      converted(
        "tap2subunit",
        output(
          ["node", "--test", "--test-reporter=tap", "shop.test.mjs"],
          cwd,
        ),
        cwd,
      ),
  },
  {
    language: "deno",
    version: [Deno.execPath(), "--version"],
    comment: "//",
    sources: /\.js$/,
    run: (cwd) =>
      converted(
        "junitxml2subunit",
        output(
          [
            Deno.execPath(),
            "test",
            "-A",
            "--no-config",
            "--reporter=junit",
            "shop_test.js",
          ],
          cwd,
        ),
        cwd,
      ),
  },
  {
    language: "go",
    version: ["go", "version"],
    comment: "//",
    sources: /\.go$/,
    run: (cwd) =>
      ["total", "receipt", "tree", "large", "huge", "pay", "table"].flatMap(
        (name) =>
          converted(
            "gojson2subunit",
            output(["go", "test", "-json", "-count=1", "."], cwd, {
              ONLY: name,
            }),
            cwd,
          ),
      ),
  },
  ...["0", "1"].map((backtrace): Shop => ({
    language: `rust${backtrace === "0" ? " without backtrace" : ""}`,
    version: ["cargo", "--version"],
    comment: "//",
    sources: /\.rs$/,
    run: (cwd) =>
      output(["cargo", "test", "--quiet", "--lib"], cwd, {
        RUST_BACKTRACE: backtrace,
      }).split(/^---- /m).slice(1).map((part): Failure => {
        const [, id, text] = /^(\S+) stdout ----\n([^]*?)(?:\n\nfailures:|$)/
          .exec(part)!;
        return [`shop::${id}`, "traceback", text];
      }),
  })),
  {
    language: "java",
    version: ["java", "--version"],
    comment: "//",
    sources: /\.java$/,
    run: (cwd) => {
      output(["javac", "com/example/shop/ShopTest.java"], cwd);
      const names = ["pay", "refund", "price", "receipt", "depth", "order"];
      return sections(
        output(["java", "com.example.shop.ShopTest", ...names, "total"], cwd),
      ).map(([id, name, text]) => [
        id,
        name,
        // A stack overflow has a thousand frames.
        text.split("\n").slice(0, 60).join("\n"),
      ]);
    },
  },
  {
    language: "ruby",
    version: ["ruby", "--version"],
    comment: "#",
    sources: /\.rb$/,
    run: (cwd) =>
      sections(
        output([
          "ruby",
          "test_shop.rb",
          "test_pay",
          "test_refund",
          "test_price",
          "test_receipt",
        ], cwd),
      ),
  },
  {
    language: "php",
    version: ["php", "--version"],
    comment: "#",
    sources: /\.php$/,
    run: (cwd) =>
      sections(
        output([
          "php",
          "ShopTest.php",
          "testPay",
          "testRefund",
          "testPrice",
          "testReceipt",
        ], cwd),
      ),
  },
  {
    language: "c",
    version: ["gcc", "--version"],
    comment: "//",
    sources: /\.c$/,
    run: (cwd) => {
      output(["gcc", "-g", "-fsanitize=address", "-o", "asan", "shop.c"], cwd);
      output(["gcc", "-g", "-o", "plain", "shop.c"], cwd);
      const asan = ["fill", "refill"].map((name): Failure => [
        `shop.${name}`,
        "traceback",
        output(["./asan", name], cwd),
      ]);
      const asserted = ["pay", "refund"].map((name): Failure => [
        `shop.${name}`,
        "stderr",
        output(["./plain", name], cwd),
      ]);
      const crashed = ["price", "receipt"].map((name): Failure => [
        `shop.${name}`,
        "traceback",
        output([
          "gdb",
          "-batch",
          "-ex",
          "run",
          "-ex",
          "bt",
          "--args",
          "./plain",
          name,
        ], cwd),
      ]);
      return [...asan, ...asserted, ...crashed];
    },
  },
];

/** The ends of a long text: a stack overflow has a thousand frames. */
function cut(text: string): string {
  if (text.length <= 8192) return text;
  const lines = text.split("\n");
  return [...lines.slice(0, 20), ...lines.slice(-40)].join("\n");
}

/** Copies a shop to a folder; with `shift`, its lines are further down. */
function copyTo(language: string, cwd: string, shop: Shop, shift: boolean) {
  const from = `${FIXTURES}shops/${language.split(" ")[0]}`;
  new Deno.Command("cp", { args: ["-r", `${from}/.`, cwd] }).outputSync();
  if (!shift) return;
  const walk = (directory: string) => {
    for (const entry of Deno.readDirSync(directory)) {
      const path = `${directory}/${entry.name}`;
      if (entry.isDirectory) walk(path);
      else if (shop.sources.test(entry.name)) {
        const text = Deno.readTextFileSync(path);
        const lines = `${shop.comment} shifted\n`.repeat(7);
        // What must be the first line of PHP stays there.
        const shifted = text.startsWith("<?php\nnamespace")
          ? text.replace("<?php\nnamespace Shop;\n", `$&${lines}`)
          : text.startsWith("<?php")
          ? text.replace("<?php\n", `$&${lines}`)
          : lines + text;
        Deno.writeTextFileSync(path, shifted);
      }
    }
  };
  walk(cwd);
}

if (import.meta.main) {
  const recorded: Recorded[] = [];
  for (const shop of SHOPS) {
    const version = versionOf(shop.version);
    if (version === undefined) {
      console.error(`${shop.version[0]} is not installed`);
      continue;
    }
    for (const shift of [false, true]) {
      const root = Deno.makeTempDirSync();
      const cwd = shift ? `${root}/some/where/else` : `${root}/checkout`;
      Deno.mkdirSync(cwd, { recursive: true });
      copyTo(shop.language, cwd, shop, shift);
      for (const [testId, name, text] of shop.run(cwd)) {
        // Deno mixes words into its report.
        if (testId === "junit report") continue;
        recorded.push({
          language: shop.language,
          tool: version,
          variant: shift ? "shifted" : "plain",
          testId,
          name,
          text: cut(text)
            .replaceAll(root, shift ? "/srv/build" : "/home/ann")
            .replaceAll(Deno.env.get("HOME")!, "/home/ann"),
        });
      }
      Deno.removeSync(root, { recursive: true });
    }
    console.error(`${version}: ${recorded.length}`);
  }
  Deno.writeTextFileSync(
    `${FIXTURES}corpus.jsonl`,
    recorded.map((failure) => `${JSON.stringify(failure)}\n`).join(""),
  );
}
