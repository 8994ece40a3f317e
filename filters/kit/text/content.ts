/**
 * The content of a file as text.
 *
 * @module
 */

const utf8 = new TextDecoder("utf-8", { fatal: true });
const latin1 = new TextDecoder("latin1");

/** Content as text: UTF-8 where it is that, else ISO-8859-1. */
export function textOfContent(content: Uint8Array): string {
  try {
    return utf8.decode(content);
  } catch {
    return latin1.decode(content);
  }
}
