import type { Command } from "../base/command.ts";
import { SCRIPTS } from "../completion/scripts.ts";
import { linesOf } from "@executor-registry/resolver/internal";
import { UsageError } from "../base/usage-error.ts";

export const completion: Command = {
  name: "completion",
  summary: "print a shell's completion script",
  usage: "bash|zsh|fish",
  details: `bash: source <(executor-registry completion bash)
zsh:  source <(executor-registry completion zsh)
fish: executor-registry completion fish | source
kubectl 1.26 and newer completes \`kubectl executors\` by itself.`,
  flags: {},
  words: { least: 1, most: 1 },
  async run({ words: [shell = ""] }, io) {
    const script = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined;
    if (script === undefined) {
      throw new UsageError(`there is no completion for ${shell}, only for bash, zsh and fish`, "completion");
    }
    io.stdout.print(linesOf(script));
    return 0;
  },
};
