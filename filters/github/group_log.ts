/**
 * A live view in the log of a GitHub job: what belongs together is a group, which
 * is folded, and text from the stream cannot issue commands.
 *
 * @module
 */

import type { Output } from "../kit/io/output.ts";
import type { Section } from "../report/live/ending.ts";
import type { Screen } from "../report/live/screens.ts";
import type { Line, Style } from "../report/live/spans.ts";
import {
  CommandFreeText,
  defuse,
  endGroup,
  group,
} from "./workflow_commands.ts";

/** Shows a live view in the log of a job. */
export class GroupLog implements Screen {
  readonly hasBlock: boolean = false;
  readonly #out: Output;
  readonly #style: Style;
  readonly #text = new CommandFreeText();

  constructor(out: Output, style: Style) {
    this.#out = out;
    this.#style = style;
  }

  lines(lines: readonly Line[]): void {
    const text = lines.map((line) => this.#style.text(line).trimEnd() + "\n");
    this.#out.writeText(defuse(text.join("")));
  }

  section({ title, lines }: Section): void {
    if (lines.length === 0) return this.lines([title]);
    this.#out.writeText(group(defuse(this.#style.text(title))));
    this.lines(lines);
    this.#out.writeText(endGroup());
  }

  /** A row of letters would be cut up by groups. */
  letter(): void {}

  text(bytes: Uint8Array): void {
    this.#out.write(this.#text.push(bytes));
  }

  endText(): void {
    this.#out.write(this.#text.end());
  }

  draw(): void {
    this.#out.flush();
  }

  forget(): void {}

  close(): void {
    this.endText();
    this.#out.flush();
  }
}
