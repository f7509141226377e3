import { hash } from "node:crypto";
import type { Image } from "../model/image.ts";
import type { Verdict } from "../model/verdict.ts";
import type { RepositoryReader } from "../oci/read/repository-reader.ts";

/** What is judged. */
export interface Subject {
  readonly image: Image;
  /** Reads the image's repository, for what the catalogue does not keep of it. */
  readonly reader: RepositoryReader;
}

/** What a check answers. */
export type Judgement = Pick<Verdict, "state" | "reason">;

/** One rule about images. One file or folder for each. */
export interface Check {
  /** Names its verdicts: never changed, since journals hold it. */
  readonly name: string;
  /** Of its configuration: verdicts with another are given again. Made by {@link fingerprintOf}. */
  readonly fingerprint: string;
  /** Milliseconds after which its verdict is given again. @default for ever */
  readonly lifetime?: number;
  /**
   * Answers `pending`, with the reason, for what cannot be judged now; so does one that throws, or does not answer in time. It is asked
   * again after a pause.
   * @param signal aborts when the answer would come too late
   */
  judge(subject: Subject, signal: AbortSignal): Promise<Judgement>;
}

/** The fingerprint of a check's configuration. @param configuration JSON values; what a new release judges otherwise is a part of it */
export const fingerprintOf = (...configuration: readonly unknown[]): string =>
  hash("sha256", JSON.stringify(configuration), "base64url").slice(0, 16);
