import { assert, assertEquals, assertMatch } from "@std/assert";
import { concat } from "@std/bytes/concat";
import {
  encodePacket,
  type Packet,
  PacketChange,
  PacketEditor,
} from "@subunit/codec";
import { quote } from "../../scripts/tool_path.ts";
import { callTool, outputOfCall, test } from "../support/call.ts";
import { assertRefused, runOnTerminal } from "../support/checks.ts";
import { gpgTest, signedStream, testKey } from "../support/gpg.ts";
import {
  commandOf,
  type Finished,
  fixture,
  isCi,
  peerTest,
  runTool,
  shell,
  TempDir,
  text,
} from "../support/run.ts";
import {
  damaged,
  equalBytes,
  type EventFields,
  eventsIn,
  fileIn,
  itemsIn,
  stream,
  textFile,
} from "../support/streams.ts";

const SHOP = JSON.parse(Deno.readTextFileSync(fixture("conform/shop.json")));
const passed = (...ids: string[]): EventFields[] =>
  ids.map((testId) => ({ testId, status: "success" }));
const GOOD = stream(...passed("order.create", "order.cancel", "refund.full"));

/** Calls the tool with a guideline in a file, and a run on standard input. */
async function conform(
  guideline: unknown,
  stdin: Uint8Array | string,
  args: string[] = [],
  others: Record<string, unknown> = {},
): Promise<Finished> {
  using dir = new TempDir();
  const json = (value: unknown) =>
    typeof value === "string" ? value : JSON.stringify(value);
  for (const [name, value] of Object.entries(others)) {
    dir.file(name, json(value));
  }
  return await callTool("subunit-conform", [
    ...args.map((arg) => arg.replace("DIR", dir.path)),
    dir.file("guideline.json", json(guideline)),
  ], { stdin });
}

test("subunit-conform writes product, capabilities and tests", async () => {
  const packets = [
    stream({
      testId: "refund.full[id-7,slow]",
      status: "inprogress",
      tags: ["net"],
    }),
    stream({ testId: "refund.full[id-7,slow]", ...textFile("log", "hello") }),
    stream({
      testId: "refund.full[id-7,slow]",
      status: "fail",
      routeCode: "3",
    }),
  ];
  const { stdout, stderr, status } = await conform(
    SHOP,
    stream(
      "text\n",
      ...passed("order.create", "elsewhere"),
      ...packets,
      { testId: "gift.wrap", status: "skip", parentTestId: "elsewhere" },
      { fileName: "stdout", fileBytes: stream("words") },
      { testId: "order.cancel", status: "exists" },
    ),
  );
  assertEquals(stderr, "");
  assertEquals(status, 1);
  assertEquals(
    eventsIn(stdout).map(({ testId, status, parentTestId, tags = [] }) =>
      [parentTestId ?? "", testId, status ?? "file", ...tags].join(" ")
    ),
    [
      " product:Shop inprogress",
      "product:Shop capability:orders inprogress",
      "product:Shop capability:refunds inprogress",
      "product:Shop capability:gifts inprogress",
      "capability:orders order.create success",
      "capability:refunds refund.full[id-7,slow] inprogress net",
      "capability:refunds refund.full[id-7,slow] file",
      "capability:refunds refund.full[id-7,slow] fail",
      "capability:gifts gift.wrap skip",
      "product:Shop capability:orders skip required",
      "product:Shop capability:refunds fail flagged required",
      "product:Shop capability:gifts skip advisory",
      " product:Shop fail not-conformant",
    ],
  );
  // But for the parent, packets are as they came.
  const editor = new PacketEditor(),
    orphan = new PacketChange({ parentTestId: undefined });
  const passedOn = itemsIn(stdout).filter((item) =>
    (item as Packet).testId!.startsWith("refund.")
  ).map((item) => editor.edit(item as Packet, orphan).toHex());
  assertEquals(passedOn, packets.map((packet) => packet.toHex()));
  assertEquals(
    fileIn(eventsIn(stdout), "capability:refunds", "reason"),
    "failed: refund.full\nnot run, flagged: refund.part: D1 slow\n",
  );
  assertEquals(
    fileIn(eventsIn(stdout), "product:Shop", "reason"),
    "not conformant: Shop\n1 of 3 required tests passed, 1 failed, 0 were skipped, 1 were not run\n0 of 1 flagged tests passed; they do not count\n",
  );
});

test("subunit-conform's reports are those of any stream", async () => {
  const { stdout, status } = await conform(SHOP, GOOD);
  assertEquals(status, 0);
  const tree = await callTool("subunit-ls", ["--tree"], { stdin: stdout });
  assertEquals(
    text(tree.stdout),
    `product:Shop
  capability:orders
    order.create
    order.cancel
  capability:refunds
    refund.full
  capability:gifts
`,
  );
  // Results of subunit-run have the route of their worker.
  const served = eventsIn(GOOD).map((event, index) =>
    encodePacket({ ...event, routeCode: `${index % 2}` })
  );
  const judged = await conform(SHOP, concat(served));
  const listed = await callTool("subunit-ls", ["--tree"], {
    stdin: judged.stdout,
  });
  assertEquals(text(listed.stdout), text(tree.stdout));
  const html = await callTool("subunit2html", [], { stdin: judged.stdout });
  assertMatch(
    text(html.stdout),
    /"capability:orders",0,null,null,null,\["required"\],"product:Shop",.*,1\]/,
  );
  const junit = await callTool("subunit2junitxml", [], { stdin: stdout });
  assertMatch(text(junit.stdout), /failures="0"/);
});

test("subunit-conform exits by its verdict", async () => {
  const cases: [
    string,
    stdin: Uint8Array | string,
    status: number,
    product: string,
    args?: string[],
  ][] = [
    ["conformant", GOOD, 0, "success"],
    [
      "not conformant",
      stream(GOOD, { testId: "order.create", status: "fail" }),
      1,
      "fail",
    ],
    [
      "conformant",
      stream({ testId: "order.create", status: "fail" }, GOOD),
      0,
      "success",
    ],
    [
      "not conformant",
      stream({ testId: "order.create", status: "fail" }, GOOD),
      1,
      "fail",
      ["--attempts=all"],
    ],
    [
      "conformant",
      stream(GOOD, { testId: "order.create", status: "fail" }),
      0,
      "success",
      ["--attempts=any"],
    ],
    [
      "not conformant",
      stream(GOOD, { testId: "order.create", status: "inprogress" }),
      1,
      "fail",
    ],
    ["undecided", stream(...passed("order.create")), 1, "fail"],
    ["undecided", stream(...passed("order.create")), 1, "skip", [
      "--allow-undecided",
    ]],
    ["not conformant", stream(...passed("order.create")), 1, "fail", [
      "--refstack",
    ]],
    ["undecided", "", 1, "fail"],
    [
      "undecided",
      stream(GOOD, damaged({ testId: "order.create", status: "fail" })),
      1,
      "fail",
    ],
  ];
  for (const [verdict, stdin, status, product, args = []] of cases) {
    const words = await conform(SHOP, stdin, [...args, "--text"]);
    assertEquals(text(words.stdout).split(":")[0], verdict);
    assertEquals(words.status, status);
    const made = await conform(SHOP, stdin, args);
    assertEquals(made.status, status);
    assertEquals(eventsIn(made.stdout).at(-1)!.status, product, args.join(" "));
  }
});

test("subunit-conform names the converter of another format", async () => {
  const { stderr, status } = await conform(
    SHOP,
    "TAP version 13\n1..1\nok 1 - order.create\n",
  );
  assertMatch(stderr, /^subunit-conform: .*put tap2subunit in front\n$/);
  assertEquals(status, 1);
});

test("subunit-conform --list and --missing name tests to run", async () => {
  const list = await conform(SHOP, "", ["--list"]);
  assertEquals(
    text(list.stdout),
    "order.create\norder.cancel\nrefund.full\nrefund.part\ngift.wrap\n",
  );
  assertEquals(list.status, 0);
  const missing = await conform(
    SHOP,
    stream(...passed("order.create"), { testId: "gift.wrap", status: "skip" }),
    ["--missing"],
  );
  assertEquals(
    text(missing.stdout),
    "order.cancel\nrefund.full\nrefund.part\n",
  );
  assertEquals(missing.status, 1);
  // A test that is there twice, once with an alias that was run.
  const twice = {
    product: "P",
    capabilities: {
      a: { tests: { x: { aliases: ["y"] } } },
      b: { tests: { x: {} } },
    },
  };
  const half = await conform(twice, stream(...passed("y")), ["--missing"]);
  assertEquals([text(half.stdout), half.status], ["x\n", 1]);
  const all = text(list.stdout).trim().split("\n");
  const none = await conform(SHOP, stream(...passed(...all)), ["--missing"]);
  assertEquals([none.status, none.stdout.length], [0, 0]);
});

const PRODUCTS = {
  metadata: {
    id: "x",
    schema: "2.0",
    scoring: { cutoff_score: 5, criteria: { used: { weight: 7 } } },
  },
  platforms: {
    Small: { components: [{ name: "core" }] },
    Large: { components: [{ name: "core" }, { name: "more" }] },
  },
  "add-ons": { Extra: { components: [{ name: "away", source: "away.json" }] } },
  components: {
    core: { capabilities: { required: ["a"], removed: ["gone"] } },
    more: { capabilities: { required: ["b"] } },
  },
  capabilities: {
    a: {
      achievements: ["used", "unknown"],
      tests: { "t.a": { idempotent_id: "id-1" } },
    },
    b: { achievements: [], tests: { "t.b": { idempotent_id: "id-2" } } },
  },
};
const AWAY = {
  metadata: { id: "away", schema: "2.0" },
  components: { away: { capabilities: { required: ["a"] } } },
  capabilities: { a: { tests: { "t.away": { idempotent_id: "id-3" } } } },
};

test("subunit-conform judges several products at once", async () => {
  const stdin = stream(...passed("t.a"), { testId: "t.b", status: "skip" });
  const args = ["--product=Small", "--product=Large"];
  const table = await conform(PRODUCTS, stdin, [...args, "--text"]);
  assertEquals(
    text(table.stdout),
    "conformant\t1/1\t0\t0\t0\tSmall\nnot conformant\t1/2\t0\t1\t0\tLarge\n",
  );
  assertEquals(table.status, 1);
  assertEquals(
    table.stderr,
    'subunit-conform: Beware: removed capability "gone" is not defined\n',
  );
  const { stdout } = await conform(PRODUCTS, stdin, args);
  assertEquals(
    eventsIn(stdout).map((
      { testId, status, parentTestId },
    ) => [testId, status, parentTestId]),
    [
      ["product:Small/a", "success", "product:Small"],
      ["product:Small", "success", undefined],
      ["product:Large/a", "success", "product:Large"],
      ["product:Large/b", "fail", "product:Large"],
      ["product:Large", "fail", undefined],
    ],
  );
  const all = await conform(PRODUCTS, stdin, ["--all-products", "--text"]);
  assertEquals(text(all.stdout).split("\n").length, 4);
  const component = await conform(PRODUCTS, stdin, [
    "--component=core",
    "--text",
  ]);
  assertMatch(text(component.stdout), /^conformant: core\n/);
});

test("subunit-conform finds components in other guidelines", async () => {
  const stdin = stream(...passed("t.away"));
  const alone = await conform(PRODUCTS, stdin, ["--product=Extra", "--text"]);
  assertMatch(
    text(alone.stdout),
    /^undecided: Extra\n[^]*component "away" is not defined, which is in away.json\n/,
  );
  assertEquals(alone.status, 1);
  const extra = await conform(PRODUCTS, stdin, [
    "--product=Extra",
    "--text",
    "--extra=DIR/away.json",
  ], { "away.json": AWAY });
  assertMatch(text(extra.stdout), /^conformant: Extra\n/);
  assertEquals(extra.status, 0);
  const both = await conform(PRODUCTS, stream(...passed("t.a", "t.away")), [
    "--component=core",
    "--component=away",
    "--text",
    "--extra=DIR/away.json",
  ], { "away.json": AWAY });
  assertMatch(text(both.stdout), /^conformant: core \+ away\n2 of 2 /);
  // Their capabilities stay apart, even where the guidelines have one id.
  const far = {
    ...AWAY,
    components: { far: { capabilities: { required: ["a"] } } },
  };
  const three = await conform(
    PRODUCTS,
    stdin,
    ["--component=core", "--component=away", "--component=far"].concat(
      ["--extra=DIR/away.json", "--extra=DIR/far.json"],
    ),
    { "away.json": AWAY, "far.json": far },
  );
  assertEquals(
    eventsIn(three.stdout).slice(-4).map(({ testId }) => testId),
    [
      "capability:a",
      "capability:a (away)",
      "capability:a (away) (away)",
      "product:core + away + far",
    ],
  );
});

test("subunit-conform --against shows what a newer guideline changes", async () => {
  const now = structuredClone(SHOP);
  now.capabilities.orders.tests = ["order.create", "order.track", "order.list"];
  now.capabilities.refunds.tests = {
    "refund.all": { aliases: ["refund.full"] },
    "refund.part": {},
  };
  const { stdout, status } = await conform(
    now,
    stream(
      ...passed("order.create", "order.cancel", "refund.full", "order.list"),
      { testId: "refund.part", status: "fail" },
    ),
    ["--against=DIR/old.json"],
    { "old.json": SHOP },
  );
  assertEquals(
    text(stdout),
    [
      "verdict\tconformant\tnot conformant\tShop",
      "newly required\tnot run\torders\torder.track",
      "newly required\tpassed\torders\torder.list",
      "newly failing\tfailed\trefunds\trefund.part",
      "no longer required\tpassed\torders\torder.cancel",
      "",
    ].join("\n"),
  );
  assertEquals(status, 1);
  const same = await conform(SHOP, GOOD, ["--against=DIR/old.json"], {
    "old.json": SHOP,
  });
  assertEquals(text(same.stdout), "verdict\tconformant\tconformant\tShop\n");
  assertEquals(same.status, 0);
});

test("subunit-conform --score and --check need no run", async () => {
  const score = await conform(PRODUCTS, "", ["--score"]);
  assertEquals(text(score.stdout), "5\tcutoff\n7\ta\n0\tb\n");
  assertEquals(score.status, 0);
  const fine = await conform(SHOP, "", ["--check"]);
  assertEquals([text(fine.stdout), fine.status], ["", 0]);
  const bad = await conform(
    {
      ...PRODUCTS,
      "add-ons": {
        Extra: { components: [{ name: "away", source: "away.json" }] },
        Lost: { components: [{ name: "cor" }] },
      },
      capabilities: {
        a: {
          tests: {
            x: { idempotent_id: "id-1" },
            y: { idempotent_id: "id-1", alias: [], aliases: ["x"] },
          },
        },
        b: { tests: {} },
      },
    },
    "",
    ["--check"],
  );
  assertEquals(
    text(bad.stdout),
    `capabilities."a".tests."y" has the unknown key "alias"
several tests have the id "1": names count
several tests have the name or alias "x"
product "Lost" names the component "cor", which is not defined
component "core" names the removed capability "gone", which is not defined
the required capability "b" has no tests
`,
  );
  assertEquals(bad.status, 1);
});

test("subunit-conform --check knows what is odd in the published guidelines", async () => {
  const published = JSON.parse(
    Deno.readTextFileSync(fixture("conform/guidelines.json")),
  );
  const counts: Record<
    string,
    [shared: number, undefined: number, empty: number, named: number]
  > = {};
  for (const [file, guideline] of Object.entries(published)) {
    const lines = text((await conform(guideline, "", ["--check"])).stdout)
      .split("\n");
    const count = (words: string) =>
      lines.filter((line) => line.includes(words)).length;
    const found: [number, number, number, number] = [
      count("have the id"),
      count("not defined"),
      count("no tests"),
      count("name or alias"),
    ];
    if (found.some((number) => number > 0)) counts[file] = found;
  }
  // Nothing is odd in the other files.
  assertEquals(counts, {
    "2015.03.json": [0, 0, 1, 0],
    "2015.04.json": [0, 0, 1, 0],
    "2015.05.json": [0, 0, 1, 0],
    "2015.07.json": [5, 0, 0, 0],
    "2016.01.json": [5, 0, 1, 0],
    "2016.08.json": [5, 0, 0, 0],
    "2017.01.json": [6, 0, 0, 3],
    "2017.09.json": [2, 0, 0, 5],
    "2018.02.json": [2, 2, 0, 5],
    "next.json": [0, 14, 0, 0],
  });
});

test("subunit-conform finds in refstack-client's run what refstack-client found", async () => {
  const recorded: { results: { name: string; uuid?: string }[] } = JSON.parse(
    Deno.readTextFileSync(fixture("conform/refstack-client.json")),
  );
  const run = await outputOfCall("subunit-1to2", [
    fixture("conform/refstack-client.v1"),
  ]);
  const tests = Object.fromEntries(
    recorded.results.map((
      { name, uuid },
    ) => [name, uuid ? { idempotent_id: `id-${uuid}` } : {}]),
  );
  const guideline = { product: "P", capabilities: { c: { tests } } };
  const { stdout, status } = await conform(guideline, run, ["--text"]);
  assertMatch(text(stdout), /^conformant: P\n2 of 2 /);
  assertEquals(status, 0);
  // Renamed, the second is found by its UUID alone.
  const [{ uuid }] = recorded.results.filter(({ uuid }) => uuid !== undefined);
  const renamed = {
    product: "P",
    capabilities: { c: { tests: { other: { idempotent_id: `id-${uuid}` } } } },
  };
  assertEquals((await conform(renamed, run)).status, 0);
});

test("subunit-conform --against finds the products of the older guideline", async () => {
  const now = structuredClone(PRODUCTS) as Record<string, unknown>;
  now.platforms = {
    ...PRODUCTS.platforms,
    New: { components: [{ name: "more" }, { name: "fresh" }] },
  };
  now.components = {
    ...PRODUCTS.components,
    fresh: { capabilities: { required: ["a"] } },
  };
  const cases: [guideline: unknown, args: string[], lines: string[]][] = [
    // It has no such product, and no such component.
    [now, ["--product=New"], [
      "verdict\tundecided\tconformant\tNew",
      "newly required\tpassed\tb\tt.b",
      "newly required\tpassed\ta\tt.a",
    ]],
    [now, ["--component=more", "--component=fresh"], [
      "verdict\tundecided\tconformant\tmore + fresh",
      "newly required\tpassed\ta\tt.a",
    ]],
    // It has other products, too.
    [
      { ...PRODUCTS, platforms: { Small: PRODUCTS.platforms.Small } },
      ["--product=Small"],
      ["verdict\tconformant\tconformant\tSmall"],
    ],
  ];
  for (const [guideline, args, lines] of cases) {
    const { stdout } = await conform(
      guideline,
      stream(...passed("t.a", "t.b")),
      [...args, "--against=DIR/old.json"],
      { "old.json": PRODUCTS },
    );
    assertEquals(text(stdout).trimEnd().split("\n"), lines, args.join(" "));
  }
  // The only product of each, under another name.
  const renamed = await conform({ ...SHOP, product: "Store" }, GOOD, [
    "--against=DIR/old.json",
  ], { "old.json": SHOP });
  assertEquals(
    text(renamed.stdout),
    "verdict\tconformant\tconformant\tStore\n",
  );
});

test("subunit-conform --against finds no change in the same guideline", async () => {
  const published: Record<string, object> = JSON.parse(
    Deno.readTextFileSync(fixture("conform/guidelines.json")),
  );
  // Some have tests of which one has the name of another as its alias.
  for (const [file, guideline] of Object.entries(published)) {
    const { stdout } = await conform(guideline, "", [
      "--all-products",
      "--against=DIR/old.json",
    ], { "old.json": guideline });
    assertMatch(text(stdout), /^(verdict\t.*\n)+$/, file);
  }
});

test("subunit-conform leaves a packet without room for a parent as it is", async () => {
  const id = (length: number) => `order.create[${"x".repeat(length)}]`;
  const packets = [
    stream({ testId: id(4194303 - 40), status: "success" }),
    stream({
      ...{ testId: "order.cancel", status: "success", fileName: "log" },
      fileBytes: new Uint8Array(4194303 - 40).fill(0x61),
    }),
  ];
  const { stdout, stderr, status } = await conform(
    SHOP,
    stream(...packets, ...passed("refund.full")),
  );
  const tests = itemsIn(stdout)
    .filter((item) => (item as Packet).testId?.startsWith("order."));
  assertEquals(tests.length, packets.length);
  tests.forEach((item, i) => {
    const { source, start, end } = item as Packet;
    assert(equalBytes(source.subarray(start, end), packets[i]));
  });
  assertEquals(
    stderr,
    "subunit-conform: 2 packets have no room for a parent: they are unchanged\n",
  );
  assertEquals(status, 0);
});

test("subunit-conform warns of what chosen components name in vain", async () => {
  for (const args of [["--list"], ["--missing"], ["--text"]]) {
    const { stderr } = await conform(PRODUCTS, "", [
      "--component=core",
      ...args,
    ]);
    assertEquals(
      stderr,
      'subunit-conform: Beware: removed capability "gone" is not defined\n',
    );
  }
});

test("subunit-conform writes no name as a line of its own", async () => {
  const product = "P\nconformant: Q", id = "a\nb";
  const capabilities = { "x\ty": { tests: { [id]: {} } } };
  const hostile = { product, capabilities };
  const printed = async (...args: string[]) =>
    text((await conform(hostile, "", args)).stdout);
  assertEquals(
    (await printed("--text")).split("\n").slice(0, 1),
    ["undecided: P\\nconformant: Q"],
  );
  assertEquals((await printed("--text")).split("\n").slice(2), [
    "undecided (required): x\\ty",
    "  not run: a\\nb",
    "",
  ]);
  assertEquals(await printed("--score"), "0\tx\\ty\n");
  // Ids are for runners.
  assertEquals(await printed("--list", "-0"), `${id}\0`);
  assertEquals(await printed("--missing", "--null"), `${id}\0`);
});

Deno.test("subunit-conform --list feeds subunit-run", async () => {
  using dir = new TempDir();
  const id = "line\nfeed";
  const tests = { "order.create": {}, [id]: {} };
  const guideline = { product: "Shop", capabilities: { orders: { tests } } };
  // As any runner, with the results that it was told.
  const results = dir.file("run", stream(...passed("order.create", id)));
  const worker = commandOf("subunit-worker").map(quote).join(" ");
  const { stdout, stderr, status } = await shell(
    `subunit-conform $1 --list -0 |
      subunit-run --load-list - -- ${worker} --run "cat $2" exec |
      subunit-conform $1 --text`,
    [dir.file("shop.json", JSON.stringify(guideline)), results],
    { cwd: dir.path },
  );
  assertEquals(stderr, "");
  assertEquals(
    text(stdout),
    "conformant: Shop\n2 of 2 required tests passed, 0 failed, 0 were skipped, 0 were not run\n",
  );
  assertEquals(status, 0);
});

peerTest(
  "subunit-conform has columns on a terminal, too",
  ["script"],
  async () => {
    using dir = new TempDir();
    const platforms = { "\x1b[2J": { components: [{ name: "core" }] } };
    const guideline = JSON.stringify({ ...PRODUCTS, platforms });
    const { shown } = await runOnTerminal("subunit-conform", [
      "--text",
      "--all-products",
      dir.file("guideline.json", guideline),
      dir.file("run", stream(...passed("t.a", "t.away"))),
    ]);
    assertEquals(shown.split("\n").slice(-3), [
      "conformant\t1/1\t0\t0\t0\t\\u001b[2J",
      "undecided\t0/0\t0\t0\t0\tExtra",
      "",
    ]);
  },
);

test("subunit-conform refuses what is no guideline", async () => {
  const cases: [guideline: string, ...words: (string | RegExp)[]][] = [
    ["", "Cannot read guideline", "line 1: expected a value"],
    ["[".repeat(100_000), "deeper than 32 values"],
    ['{"product": "P", "capabilities": {}, "product": "Q"}', "twice"],
    ['{"__proto__": {"capabilities": {}}}', "it has no capabilities"],
    ['{"product": "\x1b[2J", "capabilities": {}}', "valid escapes"],
    // Names get into packets.
    [
      '{"product": "P", "capabilities": {"x\\u0000": {"tests": []}}}',
      'capabilities: the name "x\\u0000" has a NUL',
    ],
    [
      '{"product": "P", "capabilities": {"x": {"tests": {"\\ud800": {}}}}}',
      'tests: the name "\\ud800" has a NUL or half a character',
    ],
    [
      '{"platforms": {"\\u0000": {}}, "capabilities": {}}',
      "platforms: the name",
    ],
  ];
  for (const [guideline, ...words] of cases) {
    assertRefused(await conform(guideline, GOOD), "subunit-conform", ...words);
  }
  using dir = new TempDir();
  const file = dir.file("latin1", Uint8Array.of(0x22, 0xff, 0x22));
  assertRefused(
    await callTool("subunit-conform", [file]),
    "subunit-conform",
    "not UTF-8",
  );
});

test("subunit-conform refuses a guideline that is too long", async () => {
  const long = new Uint8Array(100 * 1024 * 1024).fill(0x20);
  assertRefused(
    await callTool("subunit-conform", ["-", fixture("conform/shop.json")], {
      stdin: long,
      chunkBytes: 1 << 20,
    }),
    "subunit-conform",
    "longer than 67108864 bytes",
  );
});

test("subunit-conform refuses what it cannot choose", async () => {
  const cases: [args: string[], ...words: string[]][] = [
    [[], "has several products: give --product", '"Small", "Large", "Extra"'],
    [["--product=None"], 'has no product "None"'],
    [["--component=none"], 'No guideline has the component "none"'],
    [["--product=Small", "--all-products"], "exclude each other"],
    [["--list", "--check"], "Options --list and --check exclude each other"],
    [["--attempts=first"], "expected last, any, all"],
    [["--check", "run.subunit"], "Option --check reads no run"],
    [["--list", "run.subunit"], "Option --list reads no run"],
    [["--score", "run.subunit"], "Option --score reads no run"],
    [["--product=Small", "--extra=-"], "Cannot read standard input twice"],
    [["--list", "--extra=-", "--extra=-"], "standard input twice"],
    [["--against=/dev/stdin"], "Cannot read standard input twice"],
  ];
  for (const [args, ...words] of cases) {
    assertRefused(
      await conform(PRODUCTS, "", args),
      "subunit-conform",
      ...words,
    );
  }
  assertRefused(
    await callTool("subunit-conform"),
    "subunit-conform",
    "Expected GUIDELINE.json",
  );
  assertRefused(
    await callTool("subunit-conform", ["-"], { stdin: JSON.stringify(SHOP) }),
    "subunit-conform",
    "Cannot read standard input twice",
  );
});

test("subunit-conform keeps no more than the guideline, whatever the run has", async () => {
  const COUNT = isCi ? 100_000 : 5_000, PER = 100;
  const capabilities: Record<string, unknown> = {};
  for (let c = 0; c < COUNT / PER; c++) {
    capabilities[`capability ${c}`] = {
      tests: Array.from({ length: PER }, (_, i) => `test ${c * PER + i}`),
    };
  }
  const bytes = new Uint8Array(
    await new Blob(
      Array.from(
        { length: COUNT },
        (_, i) =>
          encodePacket({
            testId: `test ${i}`,
            status: "success",
            runnable: true,
          })
            .slice(),
      ),
    ).arrayBuffer(),
  );
  const { stdout, status } = await conform(
    { product: "P", capabilities },
    bytes,
    ["--text"],
  );
  assertEquals(
    text(stdout).split("\n")[1].split(" required")[0],
    `${COUNT} of ${COUNT}`,
  );
  assertEquals(status, 0);
});

gpgTest("a verdict is published, signed, without the logs", async () => {
  using dir = new TempDir();
  const { secretFile, publicFile } = await testKey("ed25519");
  const guideline = dir.file("shop.json", JSON.stringify(SHOP));
  const log = { testId: "order.create", ...textFile("log", "secret words") };
  const file = dir.file("run", stream("secret text\n", log, GOOD));
  // All but its end is good, and would be conformant.
  const { stdout: altered } = await signedStream([
    "sign",
    "--window=1",
    `--secret-key=${secretFile}`,
  ], { stdin: stream(GOOD, { testId: "order.create", status: "fail" }) });
  altered[altered.length - 1] ^= 1;
  const { stdout, stderr, status } = await shell(
    `set -o pipefail
    gpg-signed-stream sign --secret-key $1 < $4 > signed 2> /dev/null
    subunit-conform --require-signed $2 $3 signed |
      subunit-filter --strip-attachments |
      gpg-signed-stream sign --secret-key $1 > verdict 2> /dev/null
    echo $?
    grep -c secret verdict
    gpg-signed-stream verify --keyring $2 verdict 2> /dev/null | subunit-ls --tree
    subunit-conform --require-signed $2 $3 --text signed | head -1
    set +o pipefail
    subunit-conform --require-signed $2 $3 $5 2> /dev/null |
      subunit-filter --strip-attachments |
      gpg-signed-stream sign --secret-key $1 2> /dev/null |
      subunit-ls --failing
    subunit-conform --require-signed $2 $3 --text $4`,
    [secretFile, publicFile, guideline, file, dir.file("altered", altered)],
    { cwd: dir.path },
  );
  assertEquals(
    text(stdout),
    `0
0
product:Shop
  capability:orders
    order.create
    order.cancel
  capability:refunds
    refund.full
  capability:gifts
conformant: Shop
product:Shop
capability:orders
capability:refunds
capability:gifts
`,
  );
  assertMatch(stderr, /^subunit-conform: .*\n$/);
  assertEquals(status, 2);
});

gpgTest(
  "subunit-conform --require-signed judges no stream that is cut off",
  async () => {
    using dir = new TempDir();
    const { secretFile, publicFile } = await testKey("ed25519");
    const guideline = dir.file("shop.json", JSON.stringify(SHOP));
    const { stdout: signed } = await signedStream([
      "sign",
      "--window=100",
      `--secret-key=${secretFile}`,
    ], { stdin: GOOD });
    const args = ["--require-signed", publicFile, guideline];
    const whole = await runTool("subunit-conform", args, { stdin: signed });
    assertEquals([whole.stderr, whole.status], ["", 0]);
    for (const cut of [0, 1, GOOD.length, signed.length - 1]) {
      const stdin = signed.subarray(0, cut);
      const { stdout, stderr, status } = await runTool(
        "subunit-conform",
        args,
        {
          stdin,
        },
      );
      assertMatch(
        stderr,
        /^subunit-conform: Cannot (verify|trust the stream).*\n$/,
      );
      assertEquals(status, 2);
      // What has begun has no verdict: every reader takes it for lost.
      assertEquals(
        eventsIn(stdout).filter(({ testId, status }) =>
          testId === "product:Shop" && status !== "inprogress"
        ),
        [],
      );
      const text = await runTool("subunit-conform", ["--text", ...args], {
        stdin,
      });
      assertEquals([text.stdout.length, text.status], [0, 2]);
    }
  },
);
