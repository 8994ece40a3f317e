/**
 * Shows a run while it goes on: reads the stream, and looks at the clock while
 * nothing comes.
 *
 * @module
 */

import { type Outcome, PacketDecoder, type StreamItem } from "@subunit/codec";
import { AsyncStdout } from "../../kit/io/async_stdout.ts";
import { readFilesAsync, roomBefore } from "../../kit/io/input.ts";
import { textOf } from "../../kit/io/item_bytes.ts";
import { exitOnEndingSignal } from "../../kit/io/signals.ts";
import { onSignal } from "../../kit/io/terminal.ts";
import type { ToolIO } from "../../kit/tool/tool.ts";
import { endLine, endSections } from "./ending.ts";
import { type Failure, failureLines, nameSpans, WORDS } from "./failure.ts";
import { secondsText } from "./duration.ts";
import type { Forecast } from "./forecast.ts";
import { type Ended, type Listener, LiveRun } from "./run.ts";
import { blockLines, progressLine, statusLines } from "./screen.ts";
import type { Screen } from "./screens.ts";
import type { Line, Span } from "./spans.ts";
import { Stalls } from "./stalls.ts";

/** The time between two frames on a terminal, in milliseconds. */
const FRAME_MILLISECONDS = 100;
/** The longest time between two looks at the clock elsewhere. */
const LOOK_MILLISECONDS = 1000;
const SHORTEST_MILLISECONDS = 20;

/** What is shown of tests that ended. */
export type Detail = "failures" | "names" | "letters";

/** How a run is shown. */
export interface ViewOptions {
  readonly detail: Detail;
  /** Whether to show the text between the packets. */
  readonly showsText: boolean;
  /** After how many seconds there is a line, where there is no block. */
  readonly every: number;
  /** After how many seconds a silent test is named. */
  readonly stall: number | undefined;
}

/** Shows a run; all times are milliseconds of one clock. */
export class LiveView implements Listener {
  readonly #screen: Screen;
  readonly #options: ViewOptions;
  readonly run: LiveRun;
  readonly #stalls: Stalls | undefined;
  /** Is called for each test, which takes time. */
  readonly ended?: (test: Ended) => void;
  /** How many failures of a flood are not shown yet. */
  #more = 0;
  /** When there was a line, and how many tests had ended. */
  #lineAt: number;
  #lineDone = 0;

  constructor(
    screen: Screen,
    forecast: Forecast,
    options: ViewOptions,
    now: number,
  ) {
    this.#screen = screen;
    this.#options = options;
    this.#lineAt = now;
    if (options.detail === "names") {
      this.ended = (test) => screen.lines([endedLine(test)]);
    } else if (options.detail === "letters") {
      this.ended = ({ outcome }) => this.#letter(outcome);
    }
    this.run = new LiveRun(forecast, this, now);
    const { stall } = options;
    this.#stalls = stall === undefined ? undefined : new Stalls(stall, now);
  }

  #letter(outcome: Outcome): void {
    const [, letter, meaning] = WORDS[outcome];
    this.#screen.letter(letter, meaning);
  }

  failed(failure: Failure): void {
    if (this.#options.detail === "letters") this.#letter(failure.outcome);
    const [title, ...lines] = failureLines(failure);
    this.#screen.section({ title, lines });
  }

  failedToo(outcome: Outcome, test: () => Ended): void {
    const { detail } = this.#options;
    if (detail === "letters") this.#letter(outcome);
    else if (detail === "names") this.ended!(test());
    else this.#more++;
  }

  other(item: StreamItem): void {
    if (item.kind === "damage") {
      const { reason, byteLength } = item;
      this.#screen.lines([[
        ["DAMAGE", "bad"],
        [`  ${reason} (${byteLength} bytes are damaged)`],
      ]]);
    } else if (this.#options.showsText) {
      const text = textOf(item);
      if (text !== undefined) this.#screen.text(text);
    }
  }

  /** Something came: what is added from here on arrives now. */
  receive(now: number): void {
    this.run.advance(now);
    this.#stalls?.receive(now);
  }

  /** Shows how far it is now. Returns whether a test was found to be stalled. */
  look(now: number): boolean {
    this.run.advance(now);
    const stalled = this.#stalls?.find(this.run, now) ?? [];
    if (stalled.length > 0) this.#screen.lines(stalled);
    this.#showMore();
    if (this.#screen.hasBlock) {
      this.#screen.draw((size) => blockLines(this.run, size));
    } else {
      this.#line(now);
      this.flush();
    }
    return stalled.length > 0;
  }

  /** A line from time to time, while something runs. */
  #line(now: number): void {
    const { size, done } = this.run;
    if (now - this.#lineAt < 1000 * this.#options.every) return;
    if (size > 0 || done > this.#lineDone) {
      this.#screen.lines([progressLine(this.run)]);
    }
    this.#lineAt = now;
    this.#lineDone = done;
  }

  /** Shows failures of which only the names were taken. */
  #showMore(): void {
    if (this.#more === 0) return;
    const words = this.#more === 1 ? "failure, listed" : "failures, listed";
    this.#screen.lines([[[
      `and ${this.#more} more ${words} at the end`,
      "bad",
    ]]]);
    this.#more = 0;
  }

  /** Shows what was added, where there is no block, which shows it itself. */
  flush(): void {
    if (!this.#screen.hasBlock) this.#screen.draw(() => []);
  }

  /** Names all tests that run. */
  status(now: number): void {
    this.run.advance(now);
    this.#screen.lines(statusLines(this.run));
    this.flush();
  }

  /** A line about the view itself. */
  note(text: string): void {
    this.#screen.lines([[[text, "odd"]]]);
  }

  /** The terminal has something else on it now. */
  resume(): void {
    this.#screen.forget();
  }

  /**
   * Ends the view with what there is to know, and leaves the terminal as it was.
   *
   * @param why it ends before the stream does
   */
  end(now: number, why?: string): void {
    const { run } = this;
    run.advance(now);
    const isOver = why === undefined;
    const lost = [...run.end()];
    for (const { outcome } of isOver ? lost : []) {
      if (this.#options.detail === "letters") this.#letter(outcome);
    }
    this.#showMore();
    const screen = this.#screen;
    screen.endText();
    for (const section of endSections(run, lost, isOver)) {
      screen.section(section);
    }
    if (why !== undefined) this.note(why);
    screen.lines([endLine(run.verdict.summary, run.span ?? run.elapsed)]);
    this.close();
  }

  /** Leaves the terminal as it was. */
  close(): void {
    this.#screen.close();
  }
}

/** A test that ended, as a line. */
function endedLine({ testId, routeCode, outcome, seconds }: Ended): Line {
  const [word, , meaning] = WORDS[outcome];
  const time: Span[] = seconds === undefined
    ? []
    : [[`  ${secondsText(seconds)}`, "faint"]];
  return [
    [word.padEnd(6), meaning],
    ...nameSpans({ testId, routeCode }),
    ...time,
  ];
}

/** How the stream is watched. */
export interface WatchOptions extends ViewOptions {
  /** Whether to pass the stream on to standard output. */
  readonly forward: boolean;
  /** Whether to end, with 1, when a test is stalled. */
  readonly stallFails: boolean;
}

/** The word that a stalled test ends a watch with. */
const STALLED = "Ended by --stall-fail";

/**
 * Reads the streams in `files` and shows their tests until the end.
 *
 * @param clock returns milliseconds that only grow
 * @returns the exit status
 */
export async function watch(
  io: ToolIO,
  files: readonly string[],
  screen: Screen,
  forecast: Forecast,
  options: WatchOptions,
  clock: () => number,
): Promise<number> {
  const view = new LiveView(screen, forecast, options, clock());
  const stop = Promise.withResolvers<"stalled">();
  /** What timers and signals do may fail as well: a terminal can go away. */
  const guarded = (work: () => void) => () => {
    try {
      work();
    } catch (error) {
      stop.reject(error);
    }
  };
  const { every, stall = Infinity, stallFails } = options;
  const period = screen.hasBlock
    ? FRAME_MILLISECONDS
    : Math.min(LOOK_MILLISECONDS, 1000 * every, 1000 * stall);
  const timer = setInterval(
    guarded(() => {
      if (view.look(clock()) && stallFails) stop.resolve("stalled");
    }),
    Math.max(SHORTEST_MILLISECONDS, period),
  );
  const stopSignals = [
    exitOnEndingSignal([], (signal) => {
      view.end(clock(), `Ended by ${signal}`);
    }),
    onSignal("SIGUSR1", guarded(() => view.status(clock()))),
    onSignal("SIGWINCH", guarded(() => view.look(clock()))),
    onSignal("SIGCONT", guarded(() => view.resume())),
  ];
  if (stopSignals[1] === undefined) {
    view.note("There is no SIGUSR1 here to ask what runs");
  }
  try {
    const reason = await Promise.race([
      readStream(files, view, options.forward, clock),
      stop.promise,
    ]);
    if (reason === "stalled") view.end(clock(), STALLED);
    else view.end(clock());
    const status = io.conclude(view.run.verdict);
    return reason === "stalled" ? 1 : status;
  } catch (error) {
    // What has failed so far was shown when it did.
    view.close();
    throw error;
  } finally {
    clearInterval(timer);
    stopSignals.forEach((stopSignal) => stopSignal?.());
  }
}

/** Reads the streams, and passes them on as they are while they are decoded. */
async function readStream(
  files: readonly string[],
  view: LiveView,
  forward: boolean,
  clock: () => number,
): Promise<void> {
  using stdout = new AsyncStdout();
  const decoder = new PacketDecoder();
  const { run } = view;
  const drain = () => {
    view.receive(clock());
    decoder.drainRows(
      (rows) => run.addRows(rows),
      (item) => run.addOther(item),
    );
    run.endChunk();
    view.flush();
  };
  for await (const chunk of readFilesAsync(files)) {
    const written = forward ? stdout.write(chunk) : undefined;
    try {
      decoder.push(chunk, roomBefore(chunk));
      drain();
    } finally {
      await written;
    }
  }
  decoder.end();
  drain();
}
