/**
 * Catapult, the viewer of chrome://tracing, in Chromium. Go ships it in one file.
 *
 * @module
 */

const CHROMIUM = "/usr/bin/chromium";
const FILE = "trace_viewer_full.html";

/** A thread as the viewer has it. */
interface Thread {
  readonly name: string;
  readonly sortIndex: number;
  /** In the order in which they start: a name, and the one around it. */
  readonly slices: readonly [title: string, parent: string | null][];
}

/** A trace as the viewer has it. */
interface Model {
  readonly warnings: readonly string[];
  readonly threads: readonly Thread[];
  /** Instants across all threads of a process. */
  readonly marks: readonly string[];
}

/** The parts of catapult that are used. */
interface Catapult {
  readonly Model: new () => {
    readonly importWarnings: { message: string }[];
    getAllThreads(): {
      name: string;
      sortIndex: number;
      sliceGroup: {
        slices: { title: string; parentSlice?: { title: string } }[];
      };
    }[];
    getAllProcesses(): { instantEvents: { title: string }[] }[];
  };
  readonly importer: {
    readonly Import: new (
      model: unknown,
    ) => { importTraces(traces: string[]): void };
  };
}

/** The folder that has the viewer; undefined if Go's sources are not installed. */
function viewerFolder(): string | undefined {
  const share = "/usr/share";
  for (const { name } of Deno.readDirSync(share)) {
    const folder = `${share}/${name}/src/cmd/trace/static`;
    try {
      if (name.startsWith("go-")) Deno.statSync(`${folder}/${FILE}`);
      else continue;
      return folder;
    } catch {
      // Another version keeps it elsewhere.
    }
  }
  return undefined;
}

/** Imports traces, each into a model of its own. */
export async function importTraces(
  traces: readonly string[],
): Promise<Model[]> {
  const { chromium } = await import("playwright-core");
  const folder = viewerFolder()!;
  const read = (name: string) => Deno.readTextFileSync(`${folder}/${name}`);
  const head = `<script>${read("webcomponents.min.js")}</script>${read(FILE)}`;
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ["--no-sandbox"],
  });
  try {
    const page = await browser.newPage();
    await page.route("**/*", (route) =>
      route.fulfill({
        contentType: "text/html",
        body: `<!DOCTYPE html><html><head>${head}</head></html>`,
      }));
    await page.goto("http://viewer.example/");
    return await page.evaluate((traces) => {
      const { tr } = globalThis as unknown as { tr: Catapult };
      return traces.map((trace) => {
        const model = new tr.Model();
        new tr.importer.Import(model).importTraces([trace]);
        return {
          warnings: model.importWarnings.map(({ message }) => message),
          threads: model.getAllThreads().map((
            { name, sortIndex, sliceGroup },
          ) => ({
            name,
            sortIndex,
            slices: sliceGroup.slices.map((
              { title, parentSlice },
            ): [string, string | null] => [title, parentSlice?.title ?? null]),
          })),
          marks: model.getAllProcesses()
            .flatMap(({ instantEvents }) =>
              instantEvents.map(({ title }) => title)
            ),
        };
      });
    }, traces as string[]);
  } finally {
    await browser.close();
  }
}
