import { ExecutorRegistryError } from "../tools/errors.ts";

/** A folder that is no OCI image layout, or one whose content does not match its digests. */
export class InvalidLayoutError extends ExecutorRegistryError {
  override readonly name = "InvalidLayoutError";
  /** The file that is wrong. */
  readonly file: string;

  constructor(file: string, problem: string, cause?: unknown) {
    super("invalid-layout", `${file}: ${problem}`, { cause });
    this.file = file;
  }
}
