/**
 * The timeline: a lane for each route, drawn on a canvas, with its content as text
 * below.
 *
 * @module
 */

import { visibleText } from "../../../kit/text/visible.ts";
import { LongList, type Page } from "./cases.ts";
import {
  badge,
  bar,
  el,
  focusQuietly,
  nameElement,
  testAddress,
} from "./dom.ts";
import { formatClock, tickStep } from "./format.ts";
import {
  criticalPath,
  type Lane,
  type Span,
  type Timeline,
  timelineOf,
} from "./lanes.ts";
import { OUTCOMES } from "../data.ts";
import { counted, formatSeconds } from "../words.ts";

/** Pixels: of a row, between lanes, of the axis, and of the names of routes. */
const ROW = 16, LANE_GAP = 10, AXIS = 24, NAMES = 96;
/** The most that is drawn; more lanes are only in the table. */
const MAX_HEIGHT = 6000;
/** Narrower tests have no name. */
const LABELLED = 80;
/** The shortest time that fills the whole width, in seconds. */
const SHORTEST = 1e-4;
/** How many tests of the critical path are connected by lines. */
const MAX_STEPS = 400;
/** Shorter waits between tests of the critical path are not worth reading. */
const SHOWN_WAIT = 0.01;

type Zoom = readonly [from: number, to: number];

/** The timeline of a run. */
export class TimelineView {
  readonly element: HTMLElement = el("div", {});
  readonly #page: Page;
  readonly #timeline: Timeline;
  readonly #path: readonly Span[];
  readonly #onPath: ReadonlySet<Span>;
  readonly #canvas = el("canvas", {
    tabindex: 0,
    role: "application",
    "aria-label": "Timeline of the routes",
    "aria-describedby": "timeline-keys timeline-selected",
  });
  readonly #selected = el("p", {
    id: "timeline-selected",
    class: "selected",
    "aria-live": "polite",
  });
  readonly #tops: number[] = [];
  readonly #zoomed: (zoom: Zoom | undefined) => void;
  #zoom: Zoom;
  #selection: { lane: number; index: number } | undefined;
  #colors: Record<string, string> = {};
  #frame = 0;

  /** @param zoomed is called when the part in sight changes */
  constructor(page: Page, zoomed: (zoom: Zoom | undefined) => void) {
    this.#page = page;
    this.#zoomed = zoomed;
    const { tests } = page;
    this.#timeline = timelineOf(tests);
    const hasTimedSubtests = (test: number) =>
      tests.children(test).some((child) => tests.seconds(child) !== undefined);
    this.#path = criticalPath(this.#timeline, hasTimedSubtests);
    this.#onPath = new Set(this.#path);
    this.#zoom = [0, this.#length];
    if (this.#timeline.lanes.length === 0) {
      this.element.append(
        el("p", { class: "intro" }, "No test has a start and an end."),
      );
      return;
    }
    this.#build();
  }

  get #length(): number {
    return Math.max(this.#timeline.length, SHORTEST);
  }

  /** Shows a part of the run; undefined stands for all of it. */
  show(zoom: Zoom | undefined): void {
    this.#zoom = clamped(zoom ?? [0, this.#length], this.#length);
    this.redraw();
  }

  /** Draws again: the size or the colours may have changed. */
  redraw(): void {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  #build(): void {
    const { lanes, length, began, untimed } = this.#timeline;
    const button = (label: string, text: string, action: () => void) => {
      const made = el("button", { type: "button", "aria-label": label }, text);
      made.addEventListener("click", action);
      return made;
    };
    const onPath = this.#path.reduce((sum, { from, to }) => sum + to - from, 0);
    const notes = [
      `${counted(lanes.length, "route")}, ${formatSeconds(length)} from ${
        formatClock(began)
      } UTC.`,
      `The critical path has ${
        counted(this.#path.length, "test")
      }, which took ${formatSeconds(onPath)}.`,
    ];
    if (untimed > 0) {
      notes.push(
        `${counted(untimed, "test")} without times ${
          untimed === 1 ? "is" : "are"
        } not shown.`,
      );
    }
    const legend = el("p", { class: "legend" });
    for (const outcome of OUTCOMES) legend.append(badge(outcome));
    legend.append(
      el("span", { class: "key path" }, "critical path"),
      el("span", { class: "key gap" }, "idle"),
    );
    this.element.append(
      el("p", { class: "intro" }, notes.join(" ")),
      el(
        "div",
        { class: "tools" },
        legend,
        el(
          "span",
          { class: "buttons", role: "group", "aria-label": "Zoom" },
          button("Zoom out", "−", () => this.#scale(2)),
          button("Zoom in", "+", () => this.#scale(0.5)),
          button("Show all of the run", "All", () => this.#change(undefined)),
        ),
      ),
      el("div", { class: "canvas" }, this.#canvas),
      this.#selected,
      el(
        "p",
        { id: "timeline-keys", class: "keys" },
        "Drag to move; Ctrl and wheel to zoom, or the wheel alone once the timeline has the focus. ",
        "Keys: ← → test, ↑ ↓ route, + − 0 zoom, Shift ← → move, Enter opens.",
      ),
      el("h3", {}, "Routes"),
      lanesTable(lanes, length),
      el("h3", {}, "Critical path"),
      el(
        "p",
        { class: "intro" },
        "The tests that determine how long the run took: from the test that ended last back to the one before it on its route, ",
        "or, where that route had been idle, to the test on any route that ended last before.",
      ),
      pathList(this.#page, this.#path),
    );
    this.#layOut();
    this.#listen();
  }

  #layOut(): void {
    let y = AXIS;
    for (const { rows } of this.#timeline.lanes) {
      const height = rows * ROW + LANE_GAP;
      if (y + height > MAX_HEIGHT) break;
      this.#tops.push(y);
      y += height;
    }
    this.#canvas.style.height = `${y}px`;
  }

  #listen(): void {
    const canvas = this.#canvas;
    new ResizeObserver(() => this.redraw()).observe(canvas);
    canvas.addEventListener("wheel", (event) => {
      if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        this.#move((event.deltaX || event.deltaY) / this.#width);
      } else if (event.ctrlKey || document.activeElement === canvas) {
        const by = Math.exp(Math.max(-1, Math.min(1, event.deltaY / 300)));
        this.#scale(by, this.#timeAt(event.offsetX));
      } else return;
      event.preventDefault();
    }, { passive: false });
    let dragged: { x: number; zoom: Zoom; far: boolean } | undefined;
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      dragged = { x: event.offsetX, zoom: this.#zoom, far: false };
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (dragged === undefined) return this.#hover(event);
      const by = dragged.x - event.offsetX;
      if (Math.abs(by) > 3) dragged.far = true;
      if (!dragged.far) return;
      const [from, to] = dragged.zoom;
      const shift = by / this.#width * (to - from);
      this.#change([from + shift, to + shift]);
    });
    canvas.addEventListener("pointerup", (event) => {
      const wasDragged = dragged?.far;
      dragged = undefined;
      if (wasDragged) return;
      const hit = this.#hit(event);
      if (hit === undefined) return;
      this.#select(hit);
      this.#open();
    });
    canvas.addEventListener("pointercancel", () => dragged = undefined);
    canvas.addEventListener("keydown", (event) => this.#pressed(event));
    canvas.addEventListener("focus", () => {
      if (this.#selection === undefined) this.#select({ lane: 0, index: 0 });
    });
  }

  #pressed(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const selection = this.#selection ?? { lane: 0, index: 0 };
    const { lane, index } = selection;
    const step = (by: number) =>
      event.shiftKey
        ? this.#move(0.2 * by)
        : this.#select({ lane, index: index + by });
    const actions: Record<string, () => void> = {
      ArrowLeft: () => step(-1),
      ArrowRight: () => step(1),
      ArrowUp: () => this.#changeLane(lane - 1),
      ArrowDown: () => this.#changeLane(lane + 1),
      Home: () => this.#select({ lane, index: 0 }),
      End: () => this.#select({ lane, index: Infinity }),
      "+": () => this.#scale(0.5),
      "=": () => this.#scale(0.5),
      "-": () => this.#scale(2),
      "0": () => this.#change(undefined),
      Enter: () => this.#open(),
    };
    if (!Object.hasOwn(actions, event.key)) return;
    actions[event.key]();
    event.preventDefault();
  }

  /** Selects the test of another lane that runs at the same time, or the next one. */
  #changeLane(lane: number): void {
    const { lanes } = this.#timeline;
    if (lane < 0 || lane >= lanes.length) return;
    const from = this.#span?.from ?? 0;
    const { spans } = lanes[lane];
    const index = spans.findIndex(({ to }) => to > from);
    this.#select({ lane, index: index < 0 ? spans.length - 1 : index });
  }

  get #span(): Span | undefined {
    return this.#selection === undefined
      ? undefined
      : this.#timeline.lanes[this.#selection.lane].spans[this.#selection.index];
  }

  #select({ lane, index }: { lane: number; index: number }): void {
    const { spans } = this.#timeline.lanes[lane];
    this.#selection = {
      lane,
      index: Math.max(0, Math.min(spans.length - 1, index)),
    };
    const span = this.#span!;
    const [from, to] = this.#zoom;
    const middle = (span.from + span.to) / 2;
    if (middle < from || middle > to) {
      const half = (to - from) / 2;
      this.#change([middle - half, middle + half]);
    }
    this.#describe(span);
    this.redraw();
  }

  #open(): void {
    const span = this.#span;
    if (span !== undefined) this.#page.toggle(span.test, true);
  }

  #hover(event: PointerEvent): void {
    const hit = this.#hit(event);
    this.#canvas.classList.toggle("hit", hit !== undefined);
    if (hit !== undefined) {
      this.#describe(this.#timeline.lanes[hit.lane].spans[hit.index]);
    }
  }

  #describe(span: Span): void {
    const { tests } = this.#page;
    const { test, from, to } = span;
    this.#selected.replaceChildren(
      badge(tests.outcome(test)),
      nameElement(tests, test),
      el(
        "span",
        { class: "facts" },
        `${formatSeconds(to - from)}, from ${formatSeconds(from)} to ${
          formatSeconds(to)
        }${this.#onPath.has(span) ? ", on the critical path" : ""}`,
      ),
    );
  }

  #hit({ offsetX, offsetY }: MouseEvent):
    | { lane: number; index: number }
    | undefined {
    const lane = this.#tops.findLastIndex((top) => offsetY >= top);
    if (lane < 0 || offsetX < NAMES) return undefined;
    const row = Math.floor((offsetY - this.#tops[lane]) / ROW);
    const time = this.#timeAt(offsetX);
    const near = 3 * (this.#zoom[1] - this.#zoom[0]) / this.#width;
    let best: number | undefined, distance = near;
    this.#timeline.lanes[lane].spans.forEach((span, index) => {
      if (span.row !== row) return;
      const away = Math.max(span.from - time, time - span.to, 0);
      if (away < distance) [best, distance] = [index, away];
    });
    return best === undefined ? undefined : { lane, index: best };
  }

  get #width(): number {
    return Math.max(1, this.#canvas.clientWidth - NAMES - 8);
  }

  #timeAt(x: number): number {
    const [from, to] = this.#zoom;
    return from + (x - NAMES) / this.#width * (to - from);
  }

  #scale(by: number, around?: number): void {
    const [from, to] = this.#zoom;
    const span = this.#span;
    const middle = around ??
      (span !== undefined && span.from < to && span.to > from
        ? Math.max(from, Math.min(to, (span.from + span.to) / 2))
        : (from + to) / 2);
    this.#change([middle - (middle - from) * by, middle + (to - middle) * by]);
  }

  #move(share: number): void {
    const [from, to] = this.#zoom;
    const shift = share * (to - from);
    this.#change([from + shift, to + shift]);
  }

  #change(zoom: Zoom | undefined): void {
    this.show(zoom);
    const [from, to] = this.#zoom;
    const isAll = from <= 0 && to >= this.#length;
    this.#zoomed(isAll ? undefined : this.#zoom);
  }

  #draw(): void {
    const canvas = this.#canvas;
    const width = canvas.clientWidth, height = canvas.clientHeight;
    if (width === 0) return;
    const ratio = Math.min(2, devicePixelRatio || 1);
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    const context = canvas.getContext("2d");
    if (context === null) return;
    context.scale(ratio, ratio);
    this.#colors = colorsOf(canvas);
    const [from, to] = this.#zoom;
    const scale = this.#width / (to - from);
    const x = (time: number) => NAMES + (time - from) * scale;
    context.font = `12px ${getComputedStyle(canvas).fontFamily}`;
    context.textBaseline = "middle";
    this.#drawAxis(context, x, height);
    const hatch = hatching(context, this.#colors.muted);
    this.#tops.forEach((top, i) => {
      const lane = this.#timeline.lanes[i];
      context.save();
      context.beginPath();
      context.rect(NAMES, top, this.#width + 8, lane.rows * ROW);
      context.clip();
      this.#drawGaps(context, x, top, lane, hatch);
      this.#drawSpans(context, x, top, lane);
      context.restore();
      context.fillStyle = this.#colors.text;
      context.fillText(
        fitted(context, visibleText(lane.route) || "(no route)", NAMES - 12),
        4,
        top + ROW / 2,
      );
    });
    this.#drawPath(context, x);
    this.#drawSelection(context, x);
  }

  #drawAxis(
    context: CanvasRenderingContext2D,
    x: (time: number) => number,
    height: number,
  ): void {
    const [from, to] = this.#zoom;
    const step = tickStep((to - from) / Math.max(2, this.#width / 110));
    context.lineWidth = 1;
    for (let i = Math.ceil(from / step); i * step <= to; i++) {
      const at = Math.round(x(i * step)) + 0.5;
      context.strokeStyle = this.#colors.line;
      context.beginPath();
      context.moveTo(at, AXIS - 6);
      context.lineTo(at, height);
      context.stroke();
      context.fillStyle = this.#colors.muted;
      const text = tickText(i * step, step);
      const { width } = context.measureText(text);
      if (at + 4 + width > NAMES + this.#width + 8) continue;
      context.fillText(text, at + 4, AXIS / 2 - 2);
    }
  }

  #drawGaps(
    context: CanvasRenderingContext2D,
    x: (time: number) => number,
    top: number,
    { gaps, rows }: Lane,
    hatch: CanvasPattern | string,
  ): void {
    context.fillStyle = hatch;
    for (const [from, to] of gaps) {
      const left = x(from), right = x(to);
      if (right - left < 3) continue;
      context.fillRect(left + 1, top + 1, right - left - 2, rows * ROW - 2);
    }
  }

  #drawSpans(
    context: CanvasRenderingContext2D,
    x: (time: number) => number,
    top: number,
    { spans }: Lane,
  ): void {
    const { tests } = this.#page;
    const [from, to] = this.#zoom;
    // What is narrower than a pixel is drawn once; failures are drawn last.
    const ends: number[] = [];
    const failed: Span[] = [];
    const draw = (span: Span, least: number) => {
      const left = x(span.from);
      const width = Math.max(least, x(span.to) - left - 1);
      const y = top + span.row * ROW + 1;
      context.fillStyle = this.#colors[tests.outcome(span.test)];
      context.fillRect(left, y, width, ROW - 2);
      if (width > LABELLED) {
        context.fillStyle = this.#colors.paper;
        const start = Math.max(left, NAMES);
        const id = visibleText(tests.id(span.test));
        context.fillText(
          fittedEnd(context, id, left + width - start - 8),
          start + 4,
          y + ROW / 2 - 1,
        );
      }
    };
    for (const span of spans) {
      if (span.to < from || span.from > to) continue;
      if (tests.isFailure(span.test)) {
        failed.push(span);
        continue;
      }
      const right = x(span.to);
      if (right < (ends[span.row] ?? -Infinity)) continue;
      ends[span.row] = Math.max(right, x(span.from)) + 0.5;
      draw(span, 0.75);
    }
    for (const span of failed) draw(span, 2.5);
  }

  #drawPath(
    context: CanvasRenderingContext2D,
    x: (time: number) => number,
  ): void {
    const laneOf = new Map<number, number>();
    this.#tops.forEach((_, lane) =>
      this.#timeline.lanes[lane].spans.forEach((span) => {
        if (this.#onPath.has(span)) laneOf.set(span.test, lane);
      })
    );
    context.save();
    context.beginPath();
    context.rect(NAMES, AXIS, this.#width + 8, this.#canvas.clientHeight);
    context.clip();
    context.strokeStyle = context.fillStyle = this.#colors.accent;
    context.lineWidth = 1.5;
    const [from, to] = this.#zoom;
    const inSight = this.#path.filter((span) =>
      span.to >= from && span.from <= to
    );
    // Hundreds of steps would hide what they connect.
    const isConnected = inSight.length <= MAX_STEPS;
    let last: { x: number; y: number } | undefined;
    for (const span of inSight) {
      const lane = laneOf.get(span.test);
      if (lane === undefined) {
        last = undefined;
        continue;
      }
      const y = this.#tops[lane] + (span.row + 1) * ROW;
      const left = x(span.from), right = x(span.to);
      if (
        isConnected && last !== undefined && (left - last.x > 1 || y !== last.y)
      ) {
        context.beginPath();
        context.moveTo(last.x, last.y);
        context.lineTo(last.x, y);
        context.lineTo(left, y);
        context.stroke();
      }
      context.fillRect(left, y - 1, Math.max(1, right - left), 3);
      last = { x: right, y };
    }
    context.restore();
  }

  #drawSelection(
    context: CanvasRenderingContext2D,
    x: (time: number) => number,
  ): void {
    const span = this.#span;
    const top = this.#tops[this.#selection?.lane ?? -1];
    if (span === undefined || top === undefined) return;
    const left = x(span.from), width = Math.max(2, x(span.to) - left);
    context.strokeStyle = this.#colors.text;
    context.lineWidth = 2;
    context.strokeRect(left - 1, top + span.row * ROW, width + 2, ROW);
  }

  /** Gives the focus to the drawing. */
  focus(): void {
    focusQuietly(this.#canvas);
  }
}

function clamped([from, to]: Zoom, length: number): Zoom {
  const width = Math.max(SHORTEST, Math.min(length, to - from));
  const start = Math.max(0, Math.min(length - width, from));
  return [start, start + width];
}

function tickText(time: number, step: number): string {
  if (time === 0) return "0";
  if (step >= 60) {
    const minutes = Math.round(time / 60);
    return minutes < 60
      ? `${minutes} min`
      : `${Math.floor(minutes / 60)}:${
        String(minutes % 60).padStart(2, "0")
      } h`;
  }
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return step < 0.001 || time < 1 && step < 1
    ? `${(time * 1000).toFixed(Math.max(0, decimals - 3))} ms`
    : `${time.toFixed(decimals)} s`;
}

/** A text as wide as there is room, with an ellipsis at its end. */
function fitted(
  context: CanvasRenderingContext2D,
  text: string,
  width: number,
): string {
  let shown = text.slice(0, 60);
  while (shown.length > 1 && context.measureText(`${shown}…`).width > width) {
    shown = shown.slice(0, -1);
  }
  return shown === text ? text : `${shown}…`;
}

/** The same, with the ellipsis at its start: the end of an id tells more. */
function fittedEnd(
  context: CanvasRenderingContext2D,
  text: string,
  width: number,
): string {
  const most = Math.max(1, Math.floor(width / 6.2));
  if (text.length <= most) return text;
  const shown = `…${text.slice(text.length - most + 1)}`;
  return context.measureText(shown).width <= width + 8
    ? shown
    : `…${text.slice(text.length - Math.floor(most * 0.85))}`;
}

/** Reads the colours of the style sheet. */
function colorsOf(canvas: HTMLElement): Record<string, string> {
  const probe = el("span", { hidden: true });
  canvas.after(probe);
  const colors: Record<string, string> = {};
  const names = [...OUTCOMES, "text", "muted", "line", "accent", "paper"];
  for (const name of names) {
    probe.style.color = `var(--${name})`;
    colors[name] = getComputedStyle(probe).color;
  }
  probe.remove();
  return colors;
}

/** A pattern of thin lines, for times without a test. */
function hatching(
  context: CanvasRenderingContext2D,
  color: string,
): CanvasPattern | string {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 6;
  const pen = tile.getContext("2d");
  if (pen === null) return "transparent";
  pen.strokeStyle = color;
  pen.globalAlpha = 0.35;
  pen.beginPath();
  for (const shift of [-6, 0, 6]) {
    pen.moveTo(shift, 6);
    pen.lineTo(shift + 6, 0);
  }
  pen.stroke();
  return context.createPattern(tile, "repeat") ?? "transparent";
}

function lanesTable(lanes: readonly Lane[], length: number): HTMLElement {
  const rows = lanes.map(({ route, spans, busy, gaps }) => {
    const longest = gaps.reduce(
      (most, [from, to]) => Math.max(most, to - from),
      0,
    );
    return el(
      "tr",
      {},
      el("th", { scope: "row" }, visibleText(route) || "(no route)"),
      el("td", {}, String(spans.length)),
      el("td", {}, formatSeconds(busy)),
      el("td", {}, formatSeconds(length - busy)),
      el("td", {}, formatSeconds(longest)),
      el("td", { class: "wide" }, bar(length > 0 ? busy / length : 1)),
    );
  });
  const headings = ["Route", "Tests", "Busy", "Idle", "Longest gap", "Share"];
  return el(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": "Routes" },
    el(
      "table",
      {},
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          ...headings.map((name) => el("th", { scope: "col" }, name)),
        ),
      ),
      el("tbody", {}, ...rows),
    ),
  );
}

function pathList({ tests }: Page, path: readonly Span[]): HTMLElement {
  const list = new LongList(path, ({ test, from, to }, i) => {
    const wait = i === 0 ? from : from - path[i - 1].to;
    return el(
      "a",
      { href: testAddress(test) },
      badge(tests.outcome(test)),
      nameElement(tests, test),
      el(
        "span",
        { class: "seconds" },
        wait >= SHOWN_WAIT ? `${formatSeconds(wait)} idle, then ` : "",
        formatSeconds(to - from),
      ),
    );
  });
  list.element.classList.add("tests");
  return list.element;
}
