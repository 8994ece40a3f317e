/**
 * Times by folder, as a tree that opens.
 *
 * @module
 */

import { counted, formatSeconds } from "../words.ts";
import { visibleText } from "../../../kit/text/visible.ts";
import { LongList } from "./cases.ts";
import { bar, el } from "./dom.ts";
import { type Folder, folderTimes, slowestFolders } from "./folders.ts";
import { formatFragment } from "./fragment.ts";
import type { Tests } from "./model.ts";
import { quoted } from "./query.ts";

/** The folders of all tests, the longest time first. */
export function foldersView(tests: Tests): HTMLElement {
  const root = folderTimes(tests);
  const intro = root.folders.size === 0
    ? "The ids of the tests have no folders in common."
    : "Time of tests by the parts of their ids; tests that ran at the same time are added up.";
  const element = el("div", {}, el("p", { class: "intro" }, intro));
  if (root.tests > 0) {
    const top = folderElement(root, root.seconds);
    top.open = true;
    element.append(top);
  }
  return element;
}

function folderElement(folder: Folder, total: number): HTMLDetailsElement {
  const failures = folder.failures === 0
    ? ""
    : el("span", { class: "badge fail" }, counted(folder.failures, "failure"));
  const summary = el(
    "summary",
    {},
    el("bdi", { class: "mono" }, visibleText(folder.name) || "All tests"),
    el(
      "span",
      { class: "facts" },
      failures,
      el("span", { class: "tests" }, counted(folder.tests, "test")),
      bar(total > 0 ? folder.seconds / total : 0),
      el("span", { class: "seconds" }, formatSeconds(folder.seconds)),
    ),
  );
  const details = el("details", { class: "folder" }, summary);
  details.addEventListener("toggle", () => {
    if (details.open && details.childElementCount === 1) {
      details.append(contents(folder, total));
    }
  });
  return details;
}

function contents(folder: Folder, total: number): HTMLElement {
  const q = folder.prefix === "" ? "" : `id:${quoted(`${folder.prefix}*`)}`;
  const link = el(
    "a",
    { href: formatFragment({ view: "tests", q }) },
    `Show ${counted(folder.tests, "test")}`,
  );
  const inside = new LongList(
    slowestFolders(folder),
    (below) => folderElement(below, total),
  );
  return el("div", { class: "inside" }, inside.element, link);
}
