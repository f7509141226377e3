// For this project's documents, which are made from it. Not a public interface: it changes without notice.
export { exitCodes } from "./base/exit-codes.ts";
export { type Flags, GLOBAL_FLAGS } from "./base/flags.ts";
export { COMMANDS } from "./commands/index.ts";
export { checkWords, commandOf, givenTo } from "./parse-command.ts";
