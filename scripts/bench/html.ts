/**
 * How soon a report of 100,000 tests shows its verdict in Chromium, and how fast
 * it searches.
 *
 * @module
 */

/// <reference lib="dom" />

import type { Browser, Page } from "playwright-core";
import { pathOf, quote } from "../tool_path.ts";
import { sampleRun } from "../docs/sample_run.ts";
import { commandLine, SCRATCH } from "./commands.ts";
import { goal, type Measured } from "./goals.ts";
import { median } from "./measure.ts";
import type { Plan, Row } from "./rows.ts";

const TESTS = 100_000;

/** What people type; the last finds next to nothing. */
const SEARCHES = [
  "t",
  "kepler",
  "leap seconds parsing",
  "status:fail",
  "-status:success",
  "slower:1s route:0",
  "id:*Limits*_9",
  "tag:slow -kepler",
  "no such test",
];

/** The rows about the page of reports. */
export const HTML_ROWS: readonly Row[] = [
  {
    name: "subunit2html opens in Chromium",
    tool: "subunit2html",
    pythonTool: undefined,
    goals: [goal("1 s", (row) => row.median, { most: 1 })],
    measure: (plan) => measureWith(plan, secondsToVerdict),
  },
  {
    name: "subunit2html searches in Chromium",
    tool: "subunit2html",
    pythonTool: undefined,
    goals: [goal("0.1 s", (row) => row.median, { most: 0.1 })],
    measure: (plan) => measureWith(plan, secondsToSearch),
  },
];

/** Measures each time in a new window. */
async function measureWith(
  { runs }: Plan,
  measure: (page: Page) => Promise<number>,
): Promise<Measured> {
  const url = await makeReport();
  const { chromium } = await import("playwright-core");
  const browser: Browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox"],
  });
  try {
    const seconds: number[] = [];
    for (let run = 0; run <= runs; run++) {
      const page = await browser.newPage();
      await page.goto(url);
      await page.waitForSelector("html.ready", { state: "attached" });
      const measured = await measure(page);
      // The first window warms the caches.
      if (run > 0) seconds.push(measured);
      await page.close();
    }
    return { best: Math.min(...seconds), median: median(seconds) };
  } finally {
    await browser.close();
  }
}

async function makeReport(): Promise<string> {
  Deno.mkdirSync(SCRATCH, { recursive: true });
  const [stream, report] = ["report.subunit", "report.html"]
    .map((name) => pathOf(new URL(name, SCRATCH)));
  Deno.writeFileSync(stream, sampleRun({ tests: TESTS, failsEach: 400 }));
  // Exit status 1: tests failed.
  const { code } = await new Deno.Command("sh", {
    args: [
      "-c",
      `exec ${commandLine("subunit2html", ["-o", report])} ${quote(stream)}`,
    ],
  }).output();
  if (code > 1) throw new Error(`subunit2html exits with ${code}`);
  return `file://${report}`;
}

/** From the navigation to the frame with the verdict. */
function secondsToVerdict(page: Page): Promise<number> {
  return page.evaluate(() =>
    performance.getEntriesByName("subunit2html:verdict")[0].startTime / 1000
  );
}

/** The slowest of the searches, from the key to the frame with the results. */
function secondsToSearch(page: Page): Promise<number> {
  return page.evaluate(async (searches) => {
    const input = document.querySelector<HTMLInputElement>("#search")!;
    const painted = () =>
      new Promise((resolve) =>
        requestAnimationFrame(() => setTimeout(resolve))
      );
    let slowest = 0;
    for (const search of searches) {
      await painted();
      const begun = performance.now();
      input.value = search;
      input.dispatchEvent(new Event("input"));
      await painted();
      slowest = Math.max(slowest, performance.now() - begun);
    }
    return slowest / 1000;
  }, SEARCHES);
}
