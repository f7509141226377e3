import type { Command } from "../command.ts";
import { UsageError } from "../usage-error.ts";

const COMMAND = "executor-registry";

/** Each asks the hidden `__complete` for what may follow; its last line, `:N`, is a hint to shells that we do not need. */
const SCRIPTS: Readonly<Record<string, string>> = {
  bash: `# bash completion for ${COMMAND}; load it with: source <(${COMMAND} completion bash)
_executor_registry() {
  local word line
  word="\${COMP_WORDS[COMP_CWORD]}"
  COMPREPLY=()
  while IFS= read -r line; do
    line="\${line%%$'\\t'*}"
    [[ "$line" == :* || "$line" != "$word"* ]] || COMPREPLY+=("$line")
  done < <(${COMMAND} __complete "\${COMP_WORDS[@]:1:COMP_CWORD-1}" "$word" 2>/dev/null)
}
complete -o default -F _executor_registry ${COMMAND}
`,
  zsh: `#compdef ${COMMAND}
# zsh completion for ${COMMAND}; load it with: source <(${COMMAND} completion zsh)
_executor_registry() {
  local -a found
  local line
  for line in "\${(@f)$(${COMMAND} __complete "\${(@)words[2,CURRENT-1]}" "\${words[CURRENT]}" 2>/dev/null)}"; do
    [[ "$line" == :* || -z "$line" ]] || found+=("\${\${line//:/\\\\:}/$'\\t'/:}")
  done
  _describe '${COMMAND}' found
}
compdef _executor_registry ${COMMAND}
`,
  fish: `# fish completion for ${COMMAND}; load it with: ${COMMAND} completion fish | source
function __executor_registry_complete
  set -l words (commandline -opc) (commandline -ct)
  ${COMMAND} __complete $words[2..-1] 2>/dev/null | string match -v -r '^:'
end
complete -c ${COMMAND} -f -a '(__executor_registry_complete)'
`,
};

export const completion: Command = {
  name: "completion",
  summary: "print a shell's completion script",
  usage: "bash|zsh|fish",
  details: "kubectl 1.26 and newer completes `kubectl executors` by itself.",
  flags: {},
  words: { least: 1, most: 1 },
  async run({ words: [shell = ""] }, io) {
    const script = SCRIPTS[shell];
    if (script === undefined)
      throw new UsageError(`there is no completion for ${shell}, only for bash, zsh and fish`, "completion");
    io.stdout.write(script);
    return 0;
  },
};
