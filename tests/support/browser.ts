/**
 * Reports in a real browser: Debian's Chromium, driven by Playwright.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";

/** The browser of a test; started once, since that takes longest. */
export class Chromium implements AsyncDisposable {
  readonly #browser: Browser;

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  static async start(): Promise<Chromium> {
    const { chromium } = await import("playwright-core");
    return new Chromium(
      await chromium.launch({
        executablePath: "/usr/bin/chromium",
        args: ["--no-sandbox"],
      }),
    );
  }

  /**
   * Opens a file in a window of its own, and looks at it. Afterwards the console
   * must be empty, and the file the only thing that was asked for.
   *
   * @param address the path of a file, perhaps with a fragment
   */
  async visit(
    address: string,
    look: (page: Page) => Promise<void>,
    options: BrowserContextOptions = {},
  ): Promise<void> {
    const context = await this.#browser.newContext({
      viewport: { width: 1280, height: 800 },
      ...options,
    });
    try {
      const page = await context.newPage();
      const messages: string[] = [], requests: string[] = [];
      page.on("console", (message) => messages.push(message.text()));
      page.on("pageerror", (error) => messages.push(String(error)));
      page.on("dialog", (dialog) => {
        messages.push(dialog.message());
        dialog.dismiss();
      });
      page.on("request", (request) => {
        // Images in the page itself.
        if (!request.url().startsWith("data:image/")) {
          requests.push(request.url());
        }
      });
      const url = `file://${address}`;
      await page.goto(url);
      if (options.javaScriptEnabled !== false) await isReady(page);
      await look(page);
      assertEquals(messages, []);
      assertEquals(
        new Set(requests.map((request) => request.replace(/#.*/, ""))),
        new Set([url.replace(/#.*/, "")]),
      );
    } finally {
      await context.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
  }
}

/** Waits until the script of a report has read all of it. */
export async function isReady(page: Page): Promise<void> {
  await page.waitForSelector("html.ready", { state: "attached" });
}

/**
 * What axe-core objects to in a page: rules, and where.
 *
 * @param rules those to check; by default all
 */
export async function accessibilityFindings(
  page: Page,
  rules?: readonly string[],
): Promise<string[]> {
  const { default: axe } = await import("axe-core");
  await page.evaluate(axe.source);
  return await page.evaluate(async (rules) => {
    // deno-lint-ignore no-explicit-any -- a global of the page
    const { violations } = await (globalThis as any).axe.run(
      rules === undefined ? {} : { runOnly: rules },
    );
    // deno-lint-ignore no-explicit-any -- what axe returns
    return violations.flatMap(({ id, nodes }: any) =>
      // deno-lint-ignore no-explicit-any -- what axe returns
      nodes.map(({ target, failureSummary }: any) =>
        `${id}: ${target}: ${failureSummary}`
      )
    );
  }, rules);
}
