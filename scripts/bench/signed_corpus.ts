/**
 * A corpus signed in-band, and the same bytes signed by gpg beside it.
 *
 * @module
 */

import type { Corpus } from "./corpora.ts";
import { quote, toolCommand } from "../tool_path.ts";

/** What is verified, and with which key. */
export interface SignedCorpus extends Corpus {
  /** The key in armor, for us, and as gpgv has it. */
  readonly publicKey: string;
  readonly keyring: string;
  /** gpg's detached signature over all the bytes. */
  readonly signature: string;
}

const USER = "bench@example.org";

/**
 * Signs a corpus in windows of 256 KB, with an ed25519 key that gpg makes and
 * that is gone afterwards.
 *
 * @returns nothing when gpg is not installed
 */
export function signCorpus(corpus: Corpus): SignedCorpus | undefined {
  const signed: SignedCorpus = {
    ...corpus,
    path: `${corpus.path}.signed`,
    publicKey: `${corpus.path}.pub`,
    keyring: `${corpus.path}.gpg`,
    signature: `${corpus.path}.sig`,
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
