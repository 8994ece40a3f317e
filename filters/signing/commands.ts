/**
 * The two commands of gpg-signed-stream.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import { ToolError, type ToolIO, UsageError } from "../kit/tool/tool.ts";
import { randomBytes } from "../kit/runtime/builtin.ts";
import { signDocument } from "./document/sign.ts";
import {
  DEFAULT_MAX_BYTES,
  detectDocumentMode,
  verifyDocument,
} from "./document/verify.ts";
import { EXIT, SignedStreamError } from "./errors.ts";
import { signStream } from "./inband/sign.ts";
import { verifyStream } from "./inband/verify.ts";
import { KeyRing } from "./keys.ts";
import type { Mode, Options } from "./option_table.ts";
import {
  readSignSettings,
  readVerifySettings,
  type VerifySettings,
} from "./options.ts";
import { Report } from "./report.ts";
import { SeenStreams } from "./seen.ts";
import { conclude, SignatureVerifier } from "./verdicts.ts";

/** The modes can be told apart by this many bytes. */
const HEAD_BYTES = 64;

/** The first bytes of chunks, and all chunks, those bytes included. */
function peek(
  chunks: Iterator<Uint8Array>,
): [Uint8Array, Iterable<Uint8Array>] {
  const held: Uint8Array[] = [];
  for (let count = 0; count < HEAD_BYTES;) {
    const { value, done } = chunks.next();
    if (done) break;
    // A chunk is valid until the next one is read.
    held.push(value.slice());
    count += value.length;
  }
  const all = function* () {
    yield* held;
    yield* { [Symbol.iterator]: () => chunks };
  };
  return [concat(held).subarray(0, HEAD_BYTES), all()];
}

/** Does the work; reports a failure and returns its exit status. */
async function settle(
  io: ToolIO,
  work: () => Promise<number>,
): Promise<number> {
  try {
    const status = await work();
    io.out.flush();
    return status;
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    io.warn(error.message);
    return error instanceof SignedStreamError ? error.exitStatus : EXIT.trouble;
  }
}

/** Signs what is in `files`; returns the exit status. */
export function sign(
  io: ToolIO,
  options: Options,
  files: readonly string[],
): Promise<number> {
  return settle(io, async () => {
    const { mode, ...settings } = await readSignSettings(options);
    if (mode === "inband") {
      const stream = randomBytes(16).toString("hex");
      await signStream(io, { ...settings, stream }, files);
    } else {
      await signDocument(io, { mode, signer: settings.signer }, files);
    }
    return EXIT.verified;
  });
}

/** Verifies what is in `files`; returns the exit status. */
export async function verify(
  io: ToolIO,
  options: Options,
  files: readonly string[],
): Promise<number> {
  const settings = readVerifySettings(options);
  if (files.length > 1) {
    throw new UsageError("Cannot verify more than one FILE: each is its own");
  }
  const [file = "-"] = files;
  return await settle(io, async () => {
    const report = new Report(io, settings.report);
    const status = await settle(
      io,
      () => verifyAny(io, settings, file, report),
    );
    report.finish(status);
    return status;
  });
}

async function verifyAny(
  io: ToolIO,
  settings: VerifySettings,
  file: string,
  report: Report,
): Promise<number> {
  const keys = await KeyRing.read(settings.keyrings);
  const verifier = new SignatureVerifier(keys, settings.policy);
  const [head, chunks] = peek(io.chunks([file]));
  const mode = modeOf(settings, head);
  settings.checkMode(mode);
  return mode === "inband"
    ? await verifyInband(io, settings, verifier, chunks, report)
    : await verifyDocument(
      io,
      {
        ...settings,
        mode,
        verifier,
        maxBytes: settings.maxBytes ?? DEFAULT_MAX_BYTES,
        conclude(records) {
          for (const record of records) report.add(record);
          const { exitStatus, reason } = conclude(records, settings.policy);
          if (reason !== undefined) io.warn(`Cannot trust this: ${reason}`);
          return exitStatus;
        },
      },
      file,
      chunks,
    );
}

/** The mode asked for, or the one that `head` shows. */
function modeOf(
  { mode, signature, allowSurroundingText }: VerifySettings,
  head: Uint8Array,
): Mode {
  if (mode !== "auto") return mode;
  if (signature !== undefined) return "detached";
  return detectDocumentMode(head) ??
    // Only clear-signed text may follow other text.
    (allowSurroundingText ? "clear" : "inband");
}

/** The first line of a document that follows other lines. */
const FIRST_LINE = /\n-----BEGIN PGP (SIGNED MESSAGE|MESSAGE)-----[ \t]*\r?\n/;
/** No first line is longer, blanks aside. */
const FIRST_LINE_BYTES = 64;

/**
 * Watches chunks that are verified as a stream for a document that follows
 * other text: then that text, not a missing signature, is the problem.
 */
class DocumentSpotter implements Iterable<Uint8Array> {
  readonly #chunks: Iterable<Uint8Array>;
  #isWatching = true;
  #remedy: string | undefined;

  constructor(chunks: Iterable<Uint8Array>) {
    this.#chunks = chunks;
  }

  *[Symbol.iterator](): Generator<Uint8Array> {
    const decoder = new TextDecoder("latin1");
    let tail = "\n", offset = 0;
    for (const chunk of this.#chunks) {
      if (this.#isWatching) {
        const text = tail + decoder.decode(chunk);
        const match = FIRST_LINE.exec(text);
        if (match !== null) {
          const at = offset + match.index - tail.length + 1;
          this.#remedy = match[1] === "MESSAGE"
            ? `an armored message begins at byte ${at}: remove the text before it`
            : `a clear-signed text begins at byte ${at}: use --allow-surrounding-text`;
          this.stop();
        }
        tail = text.slice(-FIRST_LINE_BYTES);
        offset += chunk.length;
      }
      yield chunk;
    }
  }

  /** Stops watching: this is a signed stream, or the document was found. */
  stop(): void {
    this.#isWatching = false;
  }

  /** The error, with the remedy if it is about a document without signature. */
  explain(error: unknown): unknown {
    const isMalformed = error instanceof SignedStreamError &&
      error.exitStatus === EXIT.malformed;
    if (this.#remedy === undefined || !isMalformed) return error;
    return new SignedStreamError(
      error.exitStatus,
      `${error.message}: ${this.#remedy}`,
    );
  }
}

async function verifyInband(
  io: ToolIO,
  settings: VerifySettings,
  verifier: SignatureVerifier,
  chunks: Iterable<Uint8Array>,
  report: Report,
): Promise<number> {
  const seen = settings.seen === undefined
    ? undefined
    : new SeenStreams(settings.seen);
  const spotter = new DocumentSpotter(chunks);
  const { stream, context, bytes, signatures } = await verifyStream({
    ...settings,
    verifier,
    // A stream may be endless: only one window of it is held.
    maxBytes: settings.maxBytes ?? Infinity,
    opened(stream) {
      spotter.stop();
      seen?.check(stream);
    },
    judged: (record, { sequence, offset, length }) =>
      report.add(
        record,
        `, over ${length} bytes from byte ${offset} (packet ${sequence})`,
      ),
    release: (bytes) => io.out.write(bytes),
  }, spotter).catch((error) => {
    throw spotter.explain(error);
  });
  seen?.add(stream);
  io.warn(
    `Verified stream ${stream}, context "${context}": ${bytes} bytes, ${signatures} signatures`,
  );
  return EXIT.verified;
}
