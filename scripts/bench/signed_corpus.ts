/**
 * A corpus signed in-band, and gpg's signature of the same bytes.
 *
 * @module
 */

import type { Corpus } from "./corpora.ts";
import { quote, toolCommand } from "../tool_path.ts";

/** A signed corpus and the key that verifies it. */
export interface SignedCorpus extends Corpus {
  /** The key, armored for us and binary for gpgv. */
  readonly publicKey: string;
  readonly keyring: string;
  /** gpg's detached signature over all bytes. */
  readonly signature: string;
  /** Messages of gpg's with the beginning of the corpus, not compressed. */
  readonly armored: string;
  readonly binary: string;
}

/** Of the signed messages. */
const MESSAGE_BYTES = 75e6;
const USER = "bench@example.org";

/**
 * Signs a corpus in windows of 256 KB, with an ed25519 key that gpg makes for
 * this purpose and that is deleted afterwards.
 *
 * @returns undefined if gpg is not installed
 */
export function signCorpus(corpus: Corpus): SignedCorpus | undefined {
  const signed: SignedCorpus = {
    ...corpus,
    path: `${corpus.path}.signed`,
    publicKey: `${corpus.path}.pub`,
    keyring: `${corpus.path}.gpg`,
    signature: `${corpus.path}.sig`,
    armored: `${corpus.path}.asc`,
    binary: `${corpus.path}.pgp`,
  };
  const home = Deno.makeTempDirSync({ prefix: "gpg-" });
  const gpg = `gpg --homedir ${quote(home)} --batch --quiet --yes`;
  const secret = `${home}/secret`;
  const script = `set -e
    ${gpg} --passphrase '' --quick-generate-key ${USER} ed25519 sign
    ${gpg} --export ${USER} > ${quote(signed.keyring)}
    ${gpg} --armor --export ${USER} > ${quote(signed.publicKey)}
    ${gpg} --export-secret-keys ${USER} > ${secret}
    ${toolCommand("gpg-signed-stream")} sign --secret-key ${secret} \
      ${quote(corpus.path)} > ${quote(signed.path)}
    ${gpg} --output ${quote(signed.signature)} --detach-sign ${
    quote(signed.path)
  }
    head -c ${MESSAGE_BYTES} ${quote(corpus.path)} > ${home}/part
    ${gpg} -z 0 --output ${quote(signed.binary)} --sign ${home}/part
    ${gpg} -z 0 --output ${quote(signed.armored)} --armor --sign ${home}/part
    gpgconf --homedir ${quote(home)} --kill all`;
  try {
    const { success } = new Deno.Command("bash", {
      args: ["-c", script],
      stderr: "null",
    }).outputSync();
    if (!success) return undefined;
    return { ...signed, bytes: Deno.statSync(signed.path).size };
  } finally {
    Deno.removeSync(home, { recursive: true });
  }
}
