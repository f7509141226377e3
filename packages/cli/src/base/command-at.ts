import { type Flags, GLOBAL_FLAGS } from "./flags.ts";

/** Where among the words the command's name is: flags of every command may stand before it. */
export function commandAt(words: readonly string[]): number {
  let index = 0;
  while (words[index]?.startsWith("-")) {
    const flag = flagOf(words[index] ?? "", GLOBAL_FLAGS);
    index += flag?.type === "string" ? 2 : 1;
  }
  return index;
}

/** The flag a word is, without a value in the same word. */
export function flagOf(word: string, flags: Flags): Flags[string] | undefined {
  return Object.entries(flags).find(([name, { short }]) => word === `--${name}` || word === `-${short}`)?.[1];
}
