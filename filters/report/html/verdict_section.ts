/**
 * The verdict of an HTML report, readable without its script.
 *
 * @module
 */

import type { RunData } from "./data.ts";
import { htmlText } from "./markup.ts";

/** Returns the section about the run as a whole. */
export function verdictSection(run: RunData): string {
  return `<section id="verdict">
<h1>${htmlText(run.title)}</h1>
<p>${run.tests} tests</p>
</section>`;
}
