const COMMAND = "executor-registry";

/**
 * A script for each shell. It asks the hidden command `__complete` what may follow: candidates, each with a description
 * after a tab, and at the end a colon and cobra's number for what else the shell may offer.
 */
export const SCRIPTS: Readonly<Record<string, string>> = {
  bash: `# bash completion for ${COMMAND}. Load it with: source <(${COMMAND} completion bash)
_executor_registry() {
  local -a words=()
  local i=1 last=-1 line directive=4
  for ((; i <= COMP_CWORD; i++)); do
    # bash cuts --flag=value at the sign.
    if ((last > 0)) && [[ "\${COMP_WORDS[i]}" == "=" || "\${COMP_WORDS[i - 1]}" == "=" ]]; then
      words[last]+="\${COMP_WORDS[i]}"
    else
      last=$((last + 1))
      words[last]="\${COMP_WORDS[i]}"
    fi
  done
  COMPREPLY=()
  while IFS= read -r line; do
    case "$line" in
      :*) directive="\${line#:}" ;;
      *) COMPREPLY+=("\${line%%$'\\t'*}") ;;
    esac
  done < <("\${COMP_WORDS[0]}" __complete "\${words[@]}" 2>/dev/null)
  case "$directive" in
    0) compopt -o default 2>/dev/null ;;
    16) compopt -o dirnames 2>/dev/null ;;
  esac
}
complete -F _executor_registry ${COMMAND}
`,
  zsh: `#compdef ${COMMAND}
# zsh completion for ${COMMAND}. Load it with: source <(${COMMAND} completion zsh)
_executor_registry() {
  local -a found
  local line directive=4
  for line in "\${(@f)$("\${words[1]}" __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    case "$line" in
      :*) directive="\${line#:}" ;;
      ?*) found+=("\${\${line//:/\\\\:}/$'\\t'/:}") ;;
    esac
  done
  [[ "\${words[CURRENT]}" == --*=* ]] && compset -P 1 '*='
  case "$directive" in
    0) _files ;;
    16) _files -/ ;;
    *) _describe '${COMMAND}' found ;;
  esac
}
(( $+functions[compdef] )) && compdef _executor_registry ${COMMAND}
`,
  fish: `# fish completion for ${COMMAND}. Load it with: ${COMMAND} completion fish | source
function __executor_registry_complete
  set -l before (commandline -opc)
  set -l last (commandline -ct)
  set -l found ($before[1] __complete $before[2..-1] "$last" 2>/dev/null)
  # fish replaces the whole of --flag=value.
  set -l prefix (string match -r -- '^--[^=]*=' "$last")
  switch "$found[-1]"
    case :0
      __fish_complete_path (string replace -r -- '^--[^=]*=' '' "$last") | string replace -r -- '^' "$prefix"
    case :16
      __fish_complete_directories (string replace -r -- '^--[^=]*=' '' "$last") | string replace -r -- '^' "$prefix"
  end
  string match -v -r -- '^:' $found | string replace -r -- '^' "$prefix"
end
complete -c ${COMMAND} -f -a '(__executor_registry_complete)'
`,
};
