/**
 * A file of a test in an HTML report: as text, as an image, to save, or as a
 * link to where it was written.
 *
 * @module
 */

import type { Attachment } from "@subunit/codec";
import { byteLengthOf, cutContent } from "../../kit/text/content.ts";
import { visibleText } from "../../kit/text/visible.ts";
import { isText } from "../../traceback/reason.ts";
import type { ReportedTest } from "../report.ts";
import { htmlText } from "./markup.ts";
import { formatSize } from "./words.ts";

/** Where files are written that are too long for a report. */
export interface FileFolder {
  /** Writes a file, and returns a relative URL. */
  write(test: ReportedTest, file: Attachment): string;
}

/** How files are shown. */
export interface FileOptions {
  /** The longest file that is in the report in full, in bytes. */
  readonly maxAttachmentBytes: number;
  /** Longer ones are cut without it. */
  readonly folder?: FileFolder;
}

/** Where a file stands, and how its text is marked. */
export interface FilePlace {
  readonly test: ReportedTest;
  /** The reason is open. */
  readonly isReason: boolean;
  /** Its name there, which an attempt may have shortened. */
  readonly name: string;
  readonly markText: (text: string) => string;
}

/** Returns a file as an element that opens. */
export function fileElement(
  file: Attachment,
  place: FilePlace,
  options: FileOptions,
): string {
  const size = byteLengthOf(file);
  // Text is what most files are, in any encoding.
  const type = file.mimeType?.replace(
    /;.*$|^text\/(?:plain|x-traceback)/gs,
    "",
  );
  return `<details class="file${
    place.isReason ? ' reason" open' : '"'
  }><summary>${htmlText(place.name)} <small>${
    type ? `${htmlText(type)}, ` : ""
  }${formatSize(size)}</small></summary>
${size === 0 ? "" : contentOf(file, size, place, options)}</details>
`;
}

function contentOf(
  file: Attachment,
  size: number,
  { test, name, markText }: FilePlace,
  { maxAttachmentBytes, folder }: FileOptions,
): string {
  const isWhole = size <= maxAttachmentBytes;
  const image = imageType(file.bytes);
  const isShownText = image === undefined && isText(file);
  const note = isWhole
    ? ""
    : `<p class="note">${
      folder !== undefined
        ? `<a href="${
          htmlText(folder.write(test, file))
        }" download>The whole file</a> is beside the report.`
        : `${
          isShownText ? "Its middle is" : "It is"
        } left out: --max-attachment is ${formatSize(maxAttachmentBytes)}.`
    }</p>\n`;
  if (isShownText) {
    // The first line feed of an element is not part of it.
    const text = markText(cutContent(file, maxAttachmentBytes));
    return `${note}<pre>\n${text}</pre>\n`;
  }
  if (!isWhole) return note;
  const data = base64Of(file.bytes);
  return image === undefined
    ? `<p><a download="${
      htmlText(downloadName(file.name))
    }" href="data:application/octet-stream;base64,${data}">Save this file</a></p>\n`
    : `<img alt="${htmlText(name)}" src="data:${image};base64,${data}">\n`;
}

/** Formats that every browser shows, by their first bytes. */
const IMAGES:
  readonly (readonly [type: string, isOne: (start: string) => boolean])[] = [
    ["image/png", (start) => start.startsWith("\x89PNG\r\n\x1a\n")],
    ["image/jpeg", (start) => start.startsWith("\xff\xd8\xff")],
    ["image/gif", (start) => /^GIF8[79]a/.test(start)],
    ["image/webp", (start) => /^RIFF[^]{4}WEBP/.test(start)],
  ];

/**
 * The type of an image, by its content: what a stream calls it may be wrong.
 * SVG is a document, with links and scripts, and is not among them.
 */
function imageType(bytes: Uint8Array): string | undefined {
  const start = String.fromCharCode(...bytes.subarray(0, 12));
  return IMAGES.find(([, isOne]) => isOne(start))?.[0];
}

/** A name to save a file by, without directories. */
function downloadName(name: string): string {
  return visibleText(name).replace(/[/\\]/g, "_");
}

/** A multiple of 3, so that only the end has padding. */
const SLICE_BYTES = 24 * 1024;

function base64Of(bytes: Uint8Array): string {
  let base64 = "";
  for (let at = 0; at < bytes.length; at += SLICE_BYTES) {
    const slice = bytes.subarray(at, at + SLICE_BYTES);
    base64 += btoa(String.fromCharCode(...slice));
  }
  return base64;
}
