#!/usr/bin/env -S deno run --quiet --no-prompt --v8-flags=--max-semi-space-size=4 --allow-read
/**
 * subunit-conform: judges a product by the tests that a guideline asks for and
 * those that a run passed. The verdict is a stream: the product, its
 * capabilities, their tests.
 *
 * @module
 */

import type { Guideline } from "./conform/guideline.ts";
import {
  matrixLines,
  scoreLines,
  testsToRun,
  verdictLines,
  writeIds,
} from "./conform/report.ts";
import {
  changesOf,
  chosenForm,
  chosenProducts,
  earlierProducts,
  gapsOf,
  problemsOf,
  readGuideline,
  readRun,
  Sitting,
} from "./conform/run.ts";
import { VerdictStream, writeMatrix } from "./conform/verdict_stream.ts";
import {
  defineTool,
  parseChoice,
  runTool,
  type Tool,
  UsageError,
} from "./kit/tool/tool.ts";

/** The first attempt is no policy here: a retry is made to be counted. */
const POLICIES = ["last", "any", "all"] as const;
export const tool: Tool = defineTool({
  name: "subunit-conform",
  summary: "Judge a product by the tests that a guideline asks for",
  operands: "GUIDELINE.json [FILE...]",
  options: {
    product: {
      value: "NAME",
      list: true,
      help: "judge this product; may be repeated",
    },
    "all-products": { help: "judge every product of the guideline" },
    component: {
      value: "NAME",
      list: true,
      help: "judge a product of these components",
    },
    extra: {
      value: "GUIDELINE.json",
      list: true,
      help: "look for components here too",
    },
    attempts: {
      value: "NAME",
      help:
        "the attempt that counts: last (default), any that passed, all must pass",
    },
    "allow-undecided": {
      help: "write an undecided product as skipped, not as failed",
    },
    refstack: { help: "count tests that were not run as not passed" },
    text: { help: "print the verdict, not a stream" },
    list: { help: "print the tests to run; no run is read" },
    missing: { help: "print the tests that were not run" },
    null: { short: "0", help: "end ids with NUL, for subunit-run" },
    against: {
      value: "OLD.json",
      help: "print what changed since an older guideline, for the same run",
    },
    score: { help: "print how capabilities were chosen; no run is read" },
    check: { help: "print what is wrong with the guideline; no run is read" },
    "require-signed": {
      value: "KEYRING",
      help: "judge only what a key in KEYRING signed in the stream",
    },
  },
  notes:
    `Guidelines have the form of openstack/interop, schemas 1.2 to 2.0, or a smaller one of
our own: see docs/conformance.md. Without --product a guideline must have one product. A
test passed if an attempt with its name, without [attributes], or one of its aliases
did; its UUID counts where none of them was run and no other test has it. A required
test that failed, was skipped or is lost makes the product not conformant; one that was
not run leaves it undecided. Flagged tests, and capabilities that are not required, are
only reported. Packets of tests pass on with their capability as their parent, and all
else as it was. Of several products, the stream has the verdicts without the tests.`,
  exitStatus: [
    "every product is conformant; with --list, --missing, --score or --check: nothing is wrong or missing",
    "a product is not conformant or undecided; otherwise: something is wrong or missing",
  ],
  examples: [
    'subunit-conform 2020.06.json --product "OpenStack Powered Compute" run.subunit | subunit-ls --tree',
    "subunit-conform shop.json --list | subunit-run --load-list - -- ./worker",
  ],
  async run(io, options, [file, ...files]) {
    if (file === undefined) throw new UsageError("Expected GUIDELINE.json");
    const form = chosenForm(options, file, files);
    const { refstack, against, attempts = "last" } = options;
    const policy = parseChoice("attempts", attempts, POLICIES);
    const idEnd = options.null ? "\0" : "\n";
    const print = (lines: readonly string[]) =>
      lines.forEach((line) => io.out.writeText(`${line}\n`));
    const guideline = readGuideline(io, file);
    if (form === "check") {
      const problems = problemsOf(guideline);
      print(problems);
      return problems.length > 0 ? 1 : 0;
    }
    if (form === "score") return print(scoreLines(guideline));
    const extras = options.extra.map((path) => readGuideline(io, path));
    const sittingOf = (first: Guideline, choose: typeof chosenProducts) => {
      const all = [first, ...extras], products = choose(options, all);
      return new Sitting(all, products, { policy, refstack });
    };
    const now = sittingOf(guideline, chosenProducts), { products } = now;
    for (const gap of gapsOf(products)) io.warn(`Beware: ${gap}`);
    if (form === "list") return writeIds(io.out, testsToRun(products), idEnd);
    const old = against &&
      sittingOf(readGuideline(io, against), earlierProducts);
    const stream = form === undefined && products.length === 1
      ? new VerdictStream(products[0], now.judge, io.out)
      : undefined;
    stream?.begin();
    const sittings = old ? [old, now] : [now];
    await readRun(io, options["require-signed"], files, sittings, stream);
    const judged = products.map((product) => now.judged(product));
    const allowsUndecided = options["allow-undecided"];
    const missing = form === "missing" ? now.missing : [];
    if (stream) stream.end(judged[0], allowsUndecided);
    else if (old) print(changesOf(old, now));
    else if (form === undefined) writeMatrix(io.out, judged, allowsUndecided);
    else if (form === "missing") writeIds(io.out, missing, idEnd);
    else if (judged.length > 1) print(matrixLines(judged));
    else print(verdictLines(judged[0]));
    const isGood = form === "missing"
      ? missing.length === 0
      : judged.every(({ verdict }) => verdict === "conformant");
    const exitStatus = isGood && now.complaint === undefined ? 0 : 1;
    return io.conclude({ exitStatus, complaint: now.complaint });
  },
});

if (import.meta.main) runTool(tool);
