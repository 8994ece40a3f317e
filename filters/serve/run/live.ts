/**
 * The view of a run on a terminal: what subunit-progress shows.
 *
 * @module
 */

import { PacketDecoder } from "@subunit/codec";
import { hasColors, movesCursor, terminalSize } from "../../kit/io/terminal.ts";
import type { ToolIO } from "../../kit/tool/tool.ts";
import { Forecast } from "../../report/live/forecast.ts";
import { PlainScreen, TerminalScreen } from "../../report/live/screens.ts";
import { Style } from "../../report/live/spans.ts";
import { LiveView } from "../../report/live/watch.ts";

/** How often the view is drawn. */
const FRAME_MILLISECONDS = 100;

/** Takes what is written to the stream, and shows it. */
export interface View {
  /** Takes whole packets, which may be reused afterwards. */
  push(packets: Uint8Array): void;
  /** Shows a line. */
  note(text: string): void;
  /** Shows what there is to know at the end. */
  end(): void;
  /** Leaves the terminal as it was. */
  close(): void;
}

/** Shows a run on standard error, which is a terminal. */
export function showLive({ err }: ToolIO): View {
  const clock = () => performance.now();
  const style = new Style(hasColors(err.isTerminal));
  const screen = movesCursor()
    ? new TerminalScreen(err, style, terminalSize)
    : new PlainScreen(err, style);
  const view = new LiveView(
    screen,
    new Forecast({}),
    { detail: "failures", showsText: true, every: 30, stall: undefined },
    clock(),
  );
  const decoder = new PacketDecoder();
  const timer = setInterval(() => {
    try {
      view.look(clock());
    } catch {
      // The terminal is gone; the stream is not.
      clearInterval(timer);
    }
  }, FRAME_MILLISECONDS);
  return {
    push(packets) {
      view.receive(clock());
      decoder.push(packets);
      decoder.drainRows(
        (rows) => view.run.addRows(rows),
        (item) => view.run.addOther(item),
      );
      view.run.endChunk();
      view.flush();
    },
    note: (text) => view.note(text),
    end() {
      clearInterval(timer);
      view.end(clock());
    },
    close() {
      clearInterval(timer);
      view.close();
    },
  };
}
