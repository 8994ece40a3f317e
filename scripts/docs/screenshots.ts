/**
 * `deno task screenshots`: makes the pictures of subunit2html's report in
 * docs/images/, from a fixed run, with Chromium. A hash of what they show is kept
 * beside them, and compared by a test: pixels differ between machines.
 *
 * @module
 */

/// <reference lib="dom" />

import { commandLine } from "../bench/commands.ts";
import { pathOf, quote } from "../tool_path.ts";
import { sampleRun } from "./sample_run.ts";

const FOLDER = new URL("../../docs/images/", import.meta.url);
/** Where the hash is. */
export const HASH_FILE: URL = new URL("screenshots.sha256", FOLDER);

/** The arguments of subunit2html. */
export const ARGUMENTS: readonly string[] = [
  "--title",
  "Orbit: nightly run",
  "--commit",
  "4f2c9d1",
];

/** A picture: its name, and what it shows of the report. */
interface Screenshot {
  readonly name: string;
  readonly fragment: string;
  readonly colorScheme: "light" | "dark";
}

/** The pictures. */
export const SCREENSHOTS: readonly Screenshot[] = [
  { name: "report.png", fragment: "", colorScheme: "light" },
  { name: "timeline.png", fragment: "#view=timeline", colorScheme: "dark" },
];

/** The run that they show. */
export function screenshotRun(): Uint8Array {
  return sampleRun({ tests: 240 });
}

/** The place of a picture. */
export function screenshotUrl({ name }: Screenshot): URL {
  return new URL(name, FOLDER);
}

/** Returns the hash of a report and of what is shown of it, as hex. */
export async function hashOf(report: string): Promise<string> {
  // A release alone changes nothing that is worth a new picture.
  const shown = report.replaceAll(
    /subunit2html \d+\.\d+\.\d+|"version":"[^"]*"/g,
    "",
  );
  const bytes = new TextEncoder().encode(JSON.stringify([SCREENSHOTS, shown]));
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

async function main(): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "subunit-" });
  try {
    const stream = `${directory}/run.subunit`;
    const report = `${directory}/report.html`;
    await Deno.writeFile(stream, screenshotRun());
    const command = commandLine("subunit2html", [
      ...ARGUMENTS.map(quote),
      "-o",
      report,
    ]);
    // Exit status 1: tests failed.
    const { code } = await new Deno.Command("sh", {
      args: ["-c", `exec ${command} ${quote(stream)}`],
    }).output();
    if (code > 1) throw new Error(`subunit2html exits with ${code}`);
    await takeScreenshots(report);
    const hash = await hashOf(await Deno.readTextFile(report));
    await Deno.writeTextFile(HASH_FILE, `${hash}\n`);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function takeScreenshots(report: string): Promise<void> {
  const { chromium } = await import("playwright-core");
  const browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox"],
  });
  try {
    for (const screenshot of SCREENSHOTS) {
      const { fragment, colorScheme } = screenshot;
      const page = await browser.newPage({
        viewport: { width: 1200, height: 780 },
        colorScheme,
      });
      await page.goto(`file://${report}${fragment}`);
      await page.waitForSelector("html.ready", { state: "attached" });
      // The timeline is drawn in the next frames.
      await page.evaluate(() =>
        new Promise((resolve) =>
          requestAnimationFrame(() => requestAnimationFrame(resolve))
        )
      );
      await page.screenshot({ path: pathOf(screenshotUrl(screenshot)) });
    }
  } finally {
    await browser.close();
  }
}

if (import.meta.main) await main();
