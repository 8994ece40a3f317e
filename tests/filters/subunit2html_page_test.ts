/** The page of subunit2html's reports, in a browser. */
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import type { Page } from "playwright-core";
import { MAX_ROUTES, type TestLine } from "../../filters/report/html/data.ts";
import { readLines, Tests } from "../../filters/report/html/page/model.ts";
import { sampleRun } from "../../scripts/docs/sample_run.ts";
import {
  accessibilityFindings,
  Chromium,
  isReady,
} from "../support/browser.ts";
import { callTool, longCallTest } from "../support/call.ts";
import { hostileStream } from "../support/hostile.ts";
import { TempDir, text } from "../support/run.ts";
import { damaged, PASSED, stream, textFile } from "../support/streams.ts";

/** A report as the tool writes it. */
async function reportOf(bytes: Uint8Array): Promise<string> {
  const { stdout } = await callTool(
    "subunit2html",
    ["--title", "Orbit"],
    { stdin: bytes },
  );
  return text(stdout);
}

/** The tests of a report, which may be cut off. */
function testsOf(html: string): Tests {
  const lines: TestLine[] = [];
  for (const [, block] of html.matchAll(/class="tests">([^<]*)/g)) {
    lines.push(...readLines(block));
  }
  return new Tests(lines);
}

const idsInTable = (page: Page) =>
  page.locator(".rows [data-place] .id .id").allTextContents();
/** Asked of the page itself: `page.url()` may be a moment behind. */
const fragmentOf = async (page: Page) =>
  decodeURIComponent(await page.evaluate(() => location.hash));
const results = (page: Page) => page.locator(".results").textContent();

longCallTest(
  "subunit2html's reports work in Chromium",
  ["chromium"],
  async (t) => {
    await using chromium = await Chromium.start();
    using dir = new TempDir();
    const html = await reportOf(sampleRun({ tests: 300 }));
    const sample = dir.file("sample.html", html);
    const tests = testsOf(html);
    const all = [...tests.order(undefined)];
    const failures = all.filter((test) => tests.isFailure(test));

    await t.step(
      "the verdict is first, then the failures by cause",
      () =>
        chromium.visit(sample, async (page) => {
          assertEquals(await page.title(), "Orbit");
          const first = page.locator("main > :first-child");
          assertEquals(await first.getAttribute("id"), "verdict");
          assertMatch(
            (await first.locator(".summary").textContent())!,
            /^Failed: \d+ failed/,
          );
          assert(!await page.locator("#cut").count());
          const counts = await page.locator("#failures .group .count")
            .allTextContents();
          assertEquals(
            counts.reduce((sum, count) => sum + parseInt(count), 0),
            failures.length,
          );
          assertEquals(
            await page.locator(".group.fault > summary h3").textContent(),
            "faultmissing-comet",
          );
          assertEquals(
            await page.locator("#failures .intro").textContent(),
            `${failures.length} failures in ${counts.length} groups, by fault or first line.`,
          );
          const group = page.locator(".group").first();
          assert(await group.locator("pre").first().isVisible());
          assertEquals(await group.locator(".frame.own").count() > 0, true);
          await group.locator("> summary").click();
          assert(!await group.locator("pre").first().isVisible());
        }),
    );

    await t.step(
      "a search finds tests by words",
      () =>
        chromium.visit(sample, async (page) => {
          await page.locator("#search").fill("status:fail kepler");
          const expected = all.filter((test) =>
            tests.outcome(test) === "fail" && tests.id(test).includes("kepler")
          );
          assert(expected.length > 0);
          assertEquals(
            await idsInTable(page),
            expected.map((test) => tests.id(test)),
          );
          assertEquals(
            await results(page),
            `${expected.length} of ${tests.count} tests`,
          );
          assertEquals(
            await fragmentOf(page),
            "#view=tests&q=status:fail+kepler",
          );
          await page.locator("#search").fill("staus:fail");
          assertMatch(
            (await page.locator(".hints").textContent())!,
            /^staus: is searched for as text; the keys are status:/,
          );
          await page.locator("#search").fill("");
          await page.locator(".chip", { hasText: "skip" }).click();
          assertEquals(
            await page.locator("#search").inputValue(),
            "status:skip",
          );
          assertEquals(
            await page.locator(".chip[aria-pressed=true]").count(),
            1,
          );
          await page.locator(".chip", { hasText: "flaky" }).click();
          const flaky = all.filter((test) => tests.isFlaky(test));
          await page.locator("#search").fill("flaky:true");
          assertEquals(
            await results(page),
            `${flaky.length} of ${all.length} tests`,
          );
        }),
    );

    await t.step(
      "the table sorts by each column, both ways",
      () =>
        chromium.visit(`${sample}#view=tests`, async (page) => {
          const header = page.locator("[role=columnheader].seconds");
          await header.locator("button").click();
          assertEquals(await header.getAttribute("aria-sort"), "descending");
          assertEquals(await fragmentOf(page), "#view=tests&sort=-seconds");
          const slowest = tests.order({ column: "seconds", descending: true });
          assertEquals((await idsInTable(page))[0], tests.id(slowest[0]));
          await header.locator("button").click();
          assertEquals(await header.getAttribute("aria-sort"), "ascending");
          await header.locator("button").click();
          assertEquals(await header.getAttribute("aria-sort"), "none");
          assertEquals((await idsInTable(page))[0], tests.id(all[0]));
          for (const column of ["outcome", "id", "route", "started", "tags"]) {
            await page.locator(`[role=columnheader].${column} button`).click();
            const ids = await idsInTable(page);
            const order = tests.order(
              { column, descending: false } as Parameters<
                Tests["order"]
              >[0],
            );
            assertEquals(ids[0], tests.id(order[0]), column);
          }
        }),
    );

    await t.step(
      "a test opens in place, and closes again",
      () =>
        chromium.visit(`${sample}#q=status:fail`, async (page) => {
          await page.locator("[data-place='1']").click();
          const panel = page.locator(".panel");
          assert(await panel.locator("pre").first().isVisible());
          assertEquals(
            await panel.locator("article > h3").textContent(),
            (await idsInTable(page))[1],
          );
          // The next row is below it.
          const box = (await panel.boundingBox())!;
          const next = (await page.locator("[data-place='2']").boundingBox())!;
          assert(Math.abs(next.y - box.y - box.height) < 1);
          assertMatch(await fragmentOf(page), /&test=\d+$/);
          assertEquals(
            await page.locator("[aria-expanded=true]").getAttribute(
              "data-place",
            ),
            "1",
          );
          await page.locator("[data-place='1']").click();
          assertEquals(await panel.count(), 0);
          assertEquals(await fragmentOf(page), "#view=tests&q=status:fail");
        }),
    );

    await t.step(
      "the keyboard reaches all of it",
      () =>
        chromium.visit(sample, async (page) => {
          const { keyboard } = page;
          await keyboard.press("j");
          await keyboard.press("j");
          await keyboard.press("j");
          const focused = page.locator(":focus");
          assertEquals(
            await focused.locator("..").getAttribute("class"),
            "case",
          );
          await keyboard.press("Enter");
          assertMatch(await fragmentOf(page), /^#view=failures&test=\d+$/);
          await keyboard.press("Escape");
          assertEquals(await fragmentOf(page), "#view=failures");
          await keyboard.press("k");
          await keyboard.press("/");
          await keyboard.type("status:fail");
          await keyboard.press("ArrowDown");
          await keyboard.press("ArrowDown");
          await keyboard.press("j");
          await keyboard.press("k");
          const grid = page.locator("[role=treegrid]");
          assertEquals(
            await grid.getAttribute("aria-activedescendant"),
            "row1",
          );
          assert(await page.locator("#row1").isVisible());
          await keyboard.press("Enter");
          assert(await page.locator(".panel").isVisible());
          await keyboard.press("Escape");
          assertEquals(await page.locator(".panel").count(), 0);
          await keyboard.press("End");
          const last =
            (await page.locator(".rows .active .id .id").textContent())!;
          const failed = all.filter((test) => tests.outcome(test) === "fail");
          assertEquals(last, tests.id(failed.at(-1)!));
          await keyboard.press("/");
          await keyboard.press("Escape");
          assertEquals(await page.locator("#search").inputValue(), "");
        }),
    );

    await t.step(
      "an address shows what it showed to whoever sent it",
      async () => {
        const test = failures[3];
        await chromium.visit(
          `${sample}#view=tests&q=route%3A${
            tests.route(test)
          }&sort=-seconds&test=${test + 1}`,
          async (page) => {
            assertEquals(
              await page.locator(".panel article > h3").textContent(),
              tests.id(test),
            );
            assert(await page.locator(".panel").isVisible());
            const { top } = await page.locator(".panel").evaluate((panel) => ({
              top: panel.getBoundingClientRect().top,
            }));
            assert(top > 0 && top < 800, `the test is at ${top}`);
          },
        );
        // The link in an article says nothing about the view.
        await chromium.visit(`${sample}#test=${test + 1}`, async (page) => {
          const open = page.locator(`.case[data-test='${test + 1}']`);
          assert(await open.locator(".body").isVisible());
          const { y } = (await open.boundingBox())!;
          assert(y > 0 && y < 400, `the test is at ${y}`);
        });
        await chromium.visit(
          `${sample}#view=x&test=99999&sort=y`,
          async (page) => {
            assert(await page.locator("#failures").isVisible());
          },
        );
      },
    );

    await t.step(
      "the buttons back and forward go through the views",
      () =>
        chromium.visit(sample, async (page) => {
          const shown = () =>
            page.locator("section.view:visible").getAttribute("id");
          await page.locator("nav a", { hasText: "Timeline" }).click();
          assertEquals(await shown(), "timeline");
          await page.locator("#search").pressSequentially("kepler");
          assertEquals(await shown(), "tests");
          await page.locator("[data-place='2']").click();
          await page.goBack();
          assertEquals(await page.locator(".panel").count(), 0);
          assertEquals(await page.locator("#search").inputValue(), "kepler");
          // A search is one step, however many keys it took.
          await page.goBack();
          assertEquals(await shown(), "timeline");
          assertEquals(await page.locator("#search").inputValue(), "");
          await page.goBack();
          assertEquals(await shown(), "failures");
          await page.goForward();
          await page.goForward();
          await page.goForward();
          assert(await page.locator(".panel").isVisible());
        }),
    );

    await t.step(
      "the timeline has lanes, zoom and the critical path",
      () =>
        chromium.visit(`${sample}#view=timeline`, async (page) => {
          const canvas = page.locator("canvas");
          const rows = await page.locator("#timeline tbody th")
            .allTextContents();
          assertEquals(rows, ["0", "1", "2", "3"]);
          const colors = () =>
            canvas.evaluate((element) => {
              const { width, height } = element as HTMLCanvasElement;
              const { data } = (element as HTMLCanvasElement).getContext("2d")!
                .getImageData(0, 0, width, height);
              return new Set(new Uint32Array(data.buffer)).size;
            });
          await page.waitForFunction(() =>
            document.querySelector("canvas")!.width > 300
          );
          assert(await colors() > 20);
          await page.getByRole("button", { name: "Zoom in" }).click();
          assertMatch(
            await fragmentOf(page),
            /^#view=timeline&zoom=[\d.]+-[\d.]+$/,
          );
          await page.getByRole("button", { name: "all of the run" }).click();
          assertEquals(await fragmentOf(page), "#view=timeline");
          const box = (await canvas.boundingBox())!;
          await page.mouse.move(box.x + box.width / 2, box.y + 34);
          await page.keyboard.down("Control");
          await page.mouse.wheel(0, -300);
          await page.keyboard.up("Control");
          await page.waitForFunction(() => location.hash.includes("zoom"));
          const zoomed = await fragmentOf(page);
          await page.mouse.down();
          await page.mouse.move(box.x + box.width / 2 - 80, box.y + 34);
          await page.mouse.up();
          await page.waitForFunction(
            (before) => decodeURIComponent(location.hash) !== before,
            zoomed,
          );
          await canvas.focus();
          for (const key of ["0", "ArrowRight", "ArrowDown", "+", "Home"]) {
            await page.keyboard.press(key);
          }
          const lane1 = all.filter((test) => tests.route(test) === "1");
          const selected = page.locator("#timeline-selected .id");
          assertEquals(await selected.textContent(), tests.id(lane1[0]));
          await page.keyboard.press("Enter");
          assertStringIncludes(
            (await page.locator(".open-test").textContent())!,
            tests.id(lane1[0]),
          );
          assertMatch(await fragmentOf(page), /test=/);
          await page.keyboard.press("Escape");
          assert(!await page.locator(".open-test").isVisible());
          assert(await page.locator("#timeline .list > a").count() > 5);
        }),
    );

    await t.step(
      "flaky and slow tests, and folders, have their views",
      () =>
        chromium.visit(`${sample}#view=flaky`, async (page) => {
          const flaky = tests.flakyTests();
          assert(flaky.length > 0);
          assertEquals(
            await page.locator("#flaky .case .id").allTextContents(),
            flaky.map((test) => tests.id(test)),
          );
          await page.locator("#flaky .case summary").first().click();
          assertEquals(
            await page.locator("#flaky ol.attempts .badge").allTextContents(),
            ["✗fail", "✓success"],
          );
          await page.locator("nav a", { hasText: "Slowest" }).click();
          const [slowest] = tests.order({
            column: "seconds",
            descending: true,
          });
          assertEquals(
            await page.locator("#slowest .case .id").first().textContent(),
            tests.id(slowest),
          );
          await page.locator("nav a", { hasText: "Folders" }).click();
          await page.locator(".folder .folder summary").first().click();
          const link = page.locator(".folder .folder .inside > a").first();
          const count = parseInt(/\d+/.exec((await link.textContent())!)![0]);
          await link.click();
          assertEquals(await results(page), `${count} of ${tests.count} tests`);
        }),
    );

    await t.step(
      "failures with a fault in common are one group, whatever their first lines",
      async () => {
        const bad = (testId: string, headline: string, ...tags: string[]) => [
          { testId, ...textFile("traceback", headline) },
          { testId, status: "fail" as const, tags },
        ];
        const path = dir.file(
          "faults.html",
          await reportOf(stream(
            ...bad("a", "KeyError: 'x'"),
            ...bad("b", "KeyError: 'x'", "fault:lock"),
            ...bad("c", "OSError: no", "slow", "fault:lock"),
            ...bad("d", "ValueError: one"),
            ...bad("e", "TimeoutError: late", "fault:lock"),
            ...bad("f", "ValueError: one"),
          )),
        );
        await chromium.visit(path, async (page) => {
          const groups = await page.locator(".group").evaluateAll((groups) =>
            groups.map((group) => [
              group.classList.contains("fault"),
              group.querySelector("h3 bdi")!.textContent,
              [...group.querySelectorAll(".case .name")]
                .map((name) => name.textContent).join(""),
            ])
          );
          assertEquals(groups, [
            [true, "lock", "bce"],
            [false, "ValueError: one", "df"],
            [false, "KeyError: 'x'", "a"],
          ]);
        });
      },
    );

    await t.step(
      "attempts are shown: of tests that ran again, and as files",
      async () => {
        const traceback = (attempt: number) => ({
          testId: "inside",
          ...textFile(`attempt-${attempt} traceback`, `E${attempt}: no`),
        });
        const again = { testId: "again", routeCode: "0" };
        const path = dir.file(
          "attempts.html",
          await reportOf(stream(
            { ...again, ...textFile("traceback", "OSError: first") },
            { ...again, status: "fail" },
            { ...again, ...textFile("traceback", "OSError: second") },
            { ...again, status: "fail" },
            { ...again, status: "success" },
            traceback(1),
            traceback(2),
            { testId: "inside", status: "success", tags: ["flaky"] },
          )),
        );
        await chromium.visit(path, async (page) => {
          const notes = page.locator("#failures .case .note");
          assertEquals(await notes.allTextContents(), [
            "attempt 1 of 3, passed later",
            "attempt 2 of 3, passed later",
          ]);
          const ran = page.locator("#failures .case[open]").first();
          assertEquals(
            await ran.locator("ol.attempts .badge").allTextContents(),
            ["✗fail", "✗fail", "✓success"],
          );
          await page.locator("nav a", { hasText: "Flaky" }).click();
          const cases = page.locator("#flaky .case");
          assertEquals(await cases.locator(".name").allTextContents(), [
            "again",
            "inside",
          ]);
          await cases.nth(1).locator("> summary").click();
          const attempts = cases.nth(1).locator("details.attempt");
          assertEquals(
            (await attempts.locator("> summary").allTextContents()).sort(),
            ["Attempt 1", "Attempt 2"],
          );
          assertEquals(
            (await attempts.locator("pre:visible").allTextContents()).sort(),
            ["E2: no"],
          );
        });
      },
    );

    const damage = dir.file(
      "damage.html",
      await reportOf(stream(damaged(PASSED), damaged(PASSED), {
        testId: "again",
        status: "success",
        tags: ["flaky"],
      })),
    );
    await t.step(
      "routes are counted, and that there are more is said",
      async () => {
        for (
          const [count, words] of [
            [2, "2 routes"],
            [MAX_ROUTES + 1, "1,000 routes and others"],
          ] as const
        ) {
          const path = dir.file(
            "routes.html",
            await reportOf(stream(
              ...Array.from({ length: count }, (_, i) => ({
                testId: "a",
                routeCode: `${i}`,
                status: "success" as const,
              })),
            )),
          );
          await chromium.visit(path, async (page) => {
            const summary = page.locator("details.routes > summary");
            assertEquals(await summary.textContent(), words);
          });
        }
      },
    );

    await t.step(
      "damage is called so, and can be searched for",
      () =>
        chromium.visit(damage, async (page) => {
          assertEquals(
            await page.locator("#failures h3").first().textContent(),
            "Damage to the stream",
          );
          for (const id of await page.locator(".case .id").allTextContents()) {
            assertMatch(id, /^Cannot decode packet \d+ at byte \d+: .*CRC/);
          }
          // Two places, and not two attempts.
          assertEquals(await page.locator(".count").allTextContents(), ["2×"]);
          assertEquals(await page.locator(".note, .attempts").count(), 0);
          await page.locator("#search").fill("damage");
          assertEquals(await results(page), "2 of 3 tests");
        }),
    );
    await t.step(
      "without JavaScript, damage is called so, and a success is not red",
      () =>
        chromium.visit(damage, async (page) => {
          const articles = page.locator("#failures article");
          assertEquals(await articles.locator("h3").allTextContents(), [
            "Damage to the stream",
            "Damage to the stream",
            "again",
          ]);
          const [fail, , success] = await articles.locator(".outcome")
            .evaluateAll((words) =>
              words.map((word) => getComputedStyle(word).color)
            );
          assert(fail !== success, `both are ${fail}`);
        }, { javaScriptEnabled: false }),
    );

    await t.step(
      "subtests are below their parents",
      () =>
        chromium.visit(`${sample}#view=tests`, async (page) => {
          const parent = all.find((test) => tests.children(test).length > 0)!;
          const ids = await idsInTable(page);
          const at = ids.indexOf(tests.id(parent));
          assertEquals(
            ids.slice(at + 1, at + 4),
            [1, 2, 3].map((i) => `${tests.id(parent)} (i=${i})`),
          );
          assertEquals(
            await page.locator(`[data-place='${at + 1}']`).getAttribute(
              "aria-level",
            ),
            "2",
          );
          await page.locator(`[data-place='${at}']`).click();
          await page.locator(".panel .tests a").first().click();
          assertStringIncludes(
            (await page.locator(".panel .details").textContent())!,
            `${tests.id(parent)} (i=1)`,
          );
          await page.locator(".panel .details a").click();
          assertEquals(await page.locator(".panel .tests li").count(), 3);
        }),
    );

    await t.step(
      "a click on a row counts while the rows are made again",
      () =>
        chromium.visit(`${sample}#view=tests`, async (page) => {
          await page.locator("[data-place='3']").hover();
          await page.mouse.down();
          await page.evaluate(() =>
            new Promise((resolve) => {
              dispatchEvent(new Event("scroll"));
              requestAnimationFrame(() => requestAnimationFrame(resolve));
            })
          );
          await page.mouse.up();
          assertEquals(await page.locator(".panel").count(), 1);
        }),
    );

    await t.step(
      "colours follow the system until the button is used",
      async () => {
        const ground = (page: Page) =>
          page.evaluate(() => getComputedStyle(document.body).backgroundColor);
        let light = "", dark = "";
        await chromium.visit(sample, async (page) => {
          light = await ground(page);
          await page.emulateMedia({ colorScheme: "dark" });
          dark = await ground(page);
          assert(light !== dark);
          await page.getByRole("button", { name: "Use light colours" }).click();
          assertEquals(await ground(page), light);
          await page.reload();
          await isReady(page);
          assertEquals(await ground(page), light);
          await page.getByRole("button", { name: "Use dark colours" }).click();
          assertEquals(await ground(page), dark);
          await page.emulateMedia({ colorScheme: "light" });
          assertEquals(await ground(page), light);
        });
      },
    );

    await t.step(
      "paper shows the failures, and nothing to press",
      () =>
        chromium.visit(sample, async (page) => {
          await page.emulateMedia({ media: "print" });
          assert(await page.locator("#failures pre").first().isVisible());
          assert(!await page.locator("nav").isVisible());
          assertEquals(await page.locator("button:visible").count(), 0);
        }),
    );

    await t.step(
      "nothing moves for people who asked for that",
      () =>
        chromium.visit(sample, async (page) => {
          const moving = await page.evaluate(() =>
            [...document.querySelectorAll("*")].filter((element) =>
              ["", "::before"].some((part) =>
                parseFloat(getComputedStyle(element, part).transitionDuration) >
                  0
              )
            ).length
          );
          assertEquals(moving, 0);
        }, { reducedMotion: "reduce" }),
    );

    await t.step(
      "nothing is wider than a narrow window",
      () =>
        chromium.visit(sample, async (page) => {
          for (const name of await page.locator("nav a").allTextContents()) {
            await page.locator("nav a", { hasText: name }).click();
            assertEquals(
              await page.evaluate(() => {
                const { scrollWidth, clientWidth } = document.documentElement;
                return scrollWidth > clientWidth;
              }),
              false,
              name,
            );
          }
        }, { viewport: { width: 320, height: 600 } }),
    );

    const small = dir.file(
      "small.html",
      await reportOf(sampleRun({ tests: 60 })),
    );
    for (const colorScheme of ["light", "dark"] as const) {
      await t.step(
        `axe-core has no findings in ${colorScheme} colours`,
        () =>
          chromium.visit(small, async (page) => {
            for (const name of await page.locator("nav a").allTextContents()) {
              await page.locator("nav a", { hasText: name }).click();
              const line = page.locator("section.view:visible").locator(
                ".list > .case:not([open]) > summary, [data-place='3']",
              );
              if (await line.count() > 0) await line.first().click();
              assertEquals(await accessibilityFindings(page), [], name);
            }
          }, { colorScheme }),
      );
    }

    await t.step(
      "without JavaScript, verdict and failures are there to read",
      () =>
        chromium.visit(sample, async (page) => {
          const verdict = (await page.locator("#verdict").boundingBox())!;
          const articles = page.locator("#failures article");
          assert(verdict.y < (await articles.first().boundingBox())!.y);
          const shown = failures.filter((test) => tests.hasArticle(test));
          for (const [i, test] of shown.entries()) {
            const article = page.locator(`#t${test + 1}`);
            assertStringIncludes(
              (await article.textContent())!,
              tests.id(test),
              String(i),
            );
            assert(await article.isVisible());
          }
          assert(await articles.locator("pre").first().isVisible());
          assert(!await page.locator("#cut").isVisible());
        }, { javaScriptEnabled: false }),
    );

    await t.step("a report that breaks off opens", async () => {
      const body = html.indexOf("<main");
      const end = html.lastIndexOf('<section id="verdict"');
      const cuts = Array.from(
        { length: 3 },
        (_, i) => Math.round(body + 40 + (end - body - 40) * (i / 2) ** 2),
      );
      cuts.push(end + 30, html.indexOf("<script", end) + 60);
      for (const cut of cuts) {
        const path = dir.file("cut.html", html.slice(0, cut));
        await chromium.visit(path, async (page) => {
          const { count } = testsOf(html.slice(0, cut));
          assertMatch(
            (await page.locator("main > :first-child .summary").textContent())!,
            new RegExp(`breaks off after ${count} tests?\\.$`),
          );
          assert(await page.locator("#cut").isVisible());
          await page.locator("nav a", { hasText: "All tests" }).click();
          assertMatch((await results(page))!, new RegExp(`^${count} tests?$`));
        });
      }
    });

    await t.step("reports without tests, and with one, open", async () => {
      const none = dir.file("none.html", await reportOf(new Uint8Array(0)));
      await chromium.visit(none, async (page) => {
        for (const name of await page.locator("nav a").allTextContents()) {
          await page.locator("nav a", { hasText: name }).click();
          assert(await page.locator("section.view:visible h2").isVisible());
        }
      });
      const one = dir.file("one.html", await reportOf(stream(PASSED)));
      await chromium.visit(one, async (page) => {
        assertEquals(await idsInTable(page), ["passed"]);
        await page.keyboard.press("j");
        await page.keyboard.press("Enter");
        assertStringIncludes(
          (await page.locator(".panel").textContent())!,
          "Attachmentsnone",
        );
      });
    });

    await t.step(
      "of many tests, only the rows in sight are elements",
      async () => {
        const many = stream(
          ...Array.from({ length: 20_000 }, (_, i) => ({
            testId: `many.test_${i}`,
            status: "success" as const,
          })),
          ...Array.from({ length: 600 }, (_, i) => [
            { testId: `many.bad_${i}`, ...textFile("traceback", `E${i}: no`) },
            { testId: `many.bad_${i}`, status: "fail" as const },
          ]).flat(),
        );
        const path = dir.file("many.html", await reportOf(many));
        await chromium.visit(`${path}#view=tests`, async (page) => {
          const rows = page.locator(".rows [data-place]");
          assert(await rows.count() < 80);
          await page.keyboard.press("j");
          await page.keyboard.press("End");
          assertEquals((await idsInTable(page)).at(-1), "many.bad_599");
          assertEquals(
            await page.locator(".results").innerText(),
            "20,600 tests",
          );
          await page.emulateMedia({ media: "print" });
          assertEquals(
            await page.locator(".results").innerText(),
            "20,600 tests; the table has the first 1,000",
          );
          await page.emulateMedia({ media: "screen" });
          assert(await rows.count() < 80);
          // Its article is in a noscript.
          await page.keyboard.press("Enter");
          assertStringIncludes(
            (await page.locator(".panel pre").textContent())!,
            "E599: no",
          );
          await page.locator("nav a", { hasText: "Failures" }).click();
          // Paper has the first ones, and says so.
          assertEquals(
            await page.locator("#failures [data-left]").evaluateAll((lists) =>
              lists.map((list) => list.getAttribute("data-left"))
            ),
            ["and 580 more"],
          );
          await page.locator(".more").last().click();
          assert(await page.locator(".group").count() > 200);
        });
      },
    );

    const hostile = await reportOf(hostileStream());
    const count = testsOf(hostile).count;
    await t.step(
      "a hostile stream runs nothing, and is shown as text",
      async () => {
        assert(count > 200);
        const path = dir.file("hostile.html", hostile);
        await chromium.visit(path, async (page) => {
          await assertHarmless(page, testsOf(hostile));
        });
      },
    );

    await t.step("the check of hostile streams finds markup", async () => {
      const at = hostile.indexOf("<article");
      assert(at > 0);
      for (
        const markup of [
          "<img src=x onerror=hostile()>",
          "<iframe></iframe>",
          "<script>hostile()</script>",
        ]
      ) {
        const injected = hostile.slice(0, at) +
          hostile.slice(at).replace(/<pre>/, () => `<pre>${markup}`);
        const path = dir.file("injected.html", injected);
        await assertRejects(
          () =>
            chromium.visit(
              path,
              (page) => assertHarmless(page, testsOf(hostile), 20),
            ),
          Error,
          markup.slice(0, 7),
        );
      }
    });
  },
);

/** Elements that the page and the writer make. */
const KNOWN =
  "html head meta title style script body main section h1 h2 h3 h4 p ul ol li dl dt dd div span b i bdi code kbd small time br a button form label input nav table caption thead tbody tr th td details summary article pre img noscript canvas footer"
    .split(" ");

/** Opens all views, and tests; nothing but known elements may be there. */
async function assertHarmless(
  page: Page,
  tests: Tests,
  most = tests.count,
): Promise<void> {
  const look = () =>
    page.evaluate((known) => ({
      ran: Object.hasOwn(globalThis, "ran"),
      unknown: [...document.querySelectorAll("*")].filter((element) =>
        !known.includes(element.localName) ||
        element.localName === "script" &&
          element.parentElement !== document.head &&
          element.getAttribute("type") !== "application/json" ||
        [...element.attributes].some(({ name }) => name.startsWith("on")) ||
        /^\s*(javascript|vbscript|data:text)/i.test(
          element.getAttribute("href") ?? "",
        ) ||
        element.localName === "img" &&
          !element.getAttribute("src")!.startsWith("data:image/")
      ).map((element) => element.outerHTML.slice(0, 200)),
    }), KNOWN);
  await page.evaluate(() => {
    // deno-lint-ignore no-explicit-any -- what the payloads call
    (globalThis as any).hostile = () => (globalThis as any).ran = true;
  });
  const harmless = { ran: false, unknown: [] };
  // Every test would take long, and most payloads are in several.
  const numbers = Array.from({ length: most }, (_, i) => i + 1)
    .filter((number) => number % 4 === 1);
  const opened = await page.evaluate(async (numbers) => {
    const texts: string[] = [];
    for (const number of numbers) {
      await new Promise((resolve) => {
        addEventListener("popstate", resolve, { once: true });
        location.hash = `#view=tests&test=${number}`;
      });
      for (const details of document.querySelectorAll("details")) {
        details.open = true;
      }
      texts.push(document.querySelector(".panel code")?.textContent ?? "");
    }
    return texts;
  }, numbers);
  assertEquals(await look(), harmless);
  opened.forEach((shown, i) => {
    // Characters without a glyph are escaped; all others are what they were.
    const plain = (id: string) =>
      id.replace(/\\(u[0-9a-f]{4}|[nrt])/g, "").replace(/[^ -~]/g, "");
    assertEquals(plain(shown), plain(tests.id(numbers[i] - 1)));
  });
  for (const name of await page.locator("nav a").allTextContents()) {
    await page.locator("nav a", { hasText: name }).click();
    await page.evaluate(() => {
      for (const details of document.querySelectorAll("details")) {
        details.open = true;
      }
    });
    assertEquals(await look(), harmless, name);
  }
}
