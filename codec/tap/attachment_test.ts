import { assertEquals } from "@std/assert";
import { Attachment } from "./attachment.ts";

Deno.test("Attachment joins its lines by line feeds, part after part", () => {
  const attachment = new Attachment("name", "text/plain");
  const bytes = (text: string) => new TextEncoder().encode(text);
  assertEquals(attachment.begun, false);
  attachment.addLine(bytes(""));
  attachment.addLine(bytes("one"));
  assertEquals([attachment.begun, attachment.size], [true, 4]);
  assertEquals(attachment.take(), bytes("\none"));
  assertEquals([attachment.begun, attachment.size], [true, 0]);
  attachment.addLine(bytes("two"));
  assertEquals(attachment.take(), bytes("\ntwo"));
  assertEquals(attachment.take(), bytes(""));
});
