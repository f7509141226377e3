import { hash } from "node:crypto";
import type { Image } from "../model/image.ts";
import type { CheckMode, Verdict } from "../model/verdict.ts";
import type { RepositoryReader } from "../oci/read/repository-reader.ts";

/** What is judged. */
export interface Subject {
  readonly image: Image;
  /** Reads the image's repository, for what the catalogue does not keep of it. */
  readonly reader: RepositoryReader;
}

/** What a check answers. */
export interface Judgement extends Pick<Verdict, "state" | "reason" | "code" | "evidence"> {
  /** When the answer has to be given again, where that is sooner than the check's lifetime. Milliseconds since the Unix epoch. */
  readonly expires?: number;
}

/** One rule about images. One file or folder for each. */
export interface Check {
  /** Names its verdicts: never changed, since journals hold it. */
  readonly name: string;
  /** Of its configuration: verdicts with another are given again. Made by {@link fingerprintOf}. */
  readonly fingerprint: string;
  /** @default "enforce" */
  readonly mode?: CheckMode;
  /** Milliseconds after which its verdict is given again. @default for ever */
  readonly lifetime?: number;
  /** It answers at once, by what the catalogue knows of an image, and reads nothing. @default false */
  readonly immediate?: boolean;
  /** Whether it judges by an image's tags: then it answers again when they change. @default false */
  readonly byTags?: boolean;
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

/** A check in a mode. Of another mode the verdicts are given again: they say in which they were given. */
export const inMode = (check: Check, mode: CheckMode): Check =>
  mode === "enforce"
    ? check
    : {
        ...check,
        mode,
        fingerprint: fingerprintOf(check.fingerprint, mode),
        judge: (subject, signal) => check.judge(subject, signal),
      };
