/** The command line makes no sense. Exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  /** The command whose usage is worth showing. */
  readonly command: string | undefined;

  constructor(message: string, command?: string) {
    super(message);
    this.command = command;
  }
}
