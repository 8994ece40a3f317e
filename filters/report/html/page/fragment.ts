/**
 * The state of the page as the fragment of its address, so that a view can be
 * sent to someone: `#view=tests&q=status%3Afail&sort=-seconds&test=17`.
 *
 * @module
 */

/** The views, in the order of their links. */
export const VIEWS = [
  "failures",
  "flaky",
  "tests",
  "timeline",
  "slowest",
  "folders",
] as const;
export type View = typeof VIEWS[number];

/** The columns of the table. */
export const COLUMNS = [
  "outcome",
  "id",
  "seconds",
  "route",
  "started",
  "tags",
] as const;
export type Column = typeof COLUMNS[number];

/** How the table is sorted. */
export interface Sort {
  readonly column: Column;
  readonly descending: boolean;
}

/** What the page shows. */
export interface State {
  /** Undefined for the view that the page opens with. */
  readonly view?: View;
  /** The search; empty for all tests. */
  readonly q: string;
  /** Undefined for the order of the stream, subtests below their parents. */
  readonly sort?: Sort;
  /** The open test, counted from 1. */
  readonly test?: number;
  /** The part of the timeline, in seconds since the first start. */
  readonly zoom?: readonly [from: number, to: number];
}

/** Reads a fragment. What it does not know is left out. */
export function parseFragment(fragment: string): State {
  const fields = new URLSearchParams(fragment.replace(/^#/, ""));
  const view = VIEWS.find((name) => name === fields.get("view"));
  const test = /^[1-9]\d{0,14}$/.exec(fields.get("test") ?? "")?.[0];
  return {
    view,
    q: fields.get("q") ?? "",
    sort: parseSort(fields.get("sort") ?? ""),
    test: test === undefined ? undefined : Number(test),
    zoom: parseZoom(fields.get("zoom") ?? ""),
  };
}

function parseSort(text: string): Sort | undefined {
  const descending = text.startsWith("-");
  const name = descending ? text.slice(1) : text;
  const column = COLUMNS.find((known) => known === name);
  return column === undefined ? undefined : { column, descending };
}

function parseZoom(text: string): [number, number] | undefined {
  const match = /^(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)$/.exec(text);
  if (match === null) return undefined;
  const [from, to] = [Number(match[1]), Number(match[2])];
  return from < to ? [from, to] : undefined;
}

/** Writes a fragment; empty if there is nothing to keep. */
export function formatFragment({ view, q, sort, test, zoom }: State): string {
  const fields = new URLSearchParams();
  if (view !== undefined) fields.set("view", view);
  if (q !== "") fields.set("q", q);
  if (sort !== undefined) {
    fields.set("sort", `${sort.descending ? "-" : ""}${sort.column}`);
  }
  if (test !== undefined) fields.set("test", String(test));
  if (zoom !== undefined) fields.set("zoom", zoom.map(shortNumber).join("-"));
  const text = fields.toString();
  return text === "" ? "" : `#${text}`;
}

/** A number with six decimals at most, and never with an exponent. */
function shortNumber(value: number): string {
  return value.toFixed(6).replace(/\.?0+$/, "");
}
