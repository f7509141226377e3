import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkWords, commandOf, givenTo } from "executor-registry/internal";
import { checkServerCommand } from "@executor-registry/registry/internal";
import { parseAllDocuments } from "yaml";

/** A command that a shell would have run. */
interface RecordedCommand {
  readonly argv: readonly string[];
  /** What it was given to read, where one of its words is `-`. */
  readonly stdin: string;
}

// No command is found, so the shell hands each one to this function: with its words as they are after expansion.
const RECORDING = `
PATH=/nonexistent
cd() { :; }
command_not_found_handle() {
  local input= word
  case $1 in
    cat) shift; /bin/cat "$@" 2>/dev/null; return 0;;
    mktemp) shift; /bin/mktemp "$@"; return 0;;
  esac
  for word in "$@"; do [ "$word" != - ] || input=$(/bin/cat); done
  printf '%s\\0' "$#" "$@" "$input" > "$RECORDS/$BASHPID"
}
`;

/**
 * Carries out shell commands without running any program, in an empty folder, and passes the commands on that would have been run.
 * @throws Error where the shell cannot make sense of them
 */
function dryRun(script: string, folder: string): readonly RecordedCommand[] {
  const records = mkdtempSync(join(tmpdir(), "dry-run-"));
  try {
    // Whatever a command answers, the next one is looked at too.
    const { stderr, error } = spawnSync("bash", ["-c", `${RECORDING}\n${script}\nwait`], {
      cwd: folder,
      env: { RECORDS: records, HOME: folder, TMPDIR: folder },
      stdio: ["ignore", "ignore", "pipe"],
      encoding: "utf8",
      timeout: 20_000,
    });
    const mistakes = stderr.split("\n").filter((line) => line !== "" && !isProgramOfOurs(line));
    if (error !== undefined || mistakes.length > 0) throw error ?? new Error(mistakes.join("\n"));
    return readdirSync(records).map((name) => {
      const [count = "0", ...fields] = readFileSync(join(records, name), "utf8").split("\0");
      return { argv: fields.slice(0, Number(count)), stdin: fields[Number(count)] ?? "" };
    });
  } finally {
    rmSync(records, { recursive: true });
  }
}

/** A program with a path is not looked for: bash says that it is not in this folder, where nothing of the repository is. */
function isProgramOfOurs(line: string): boolean {
  const path = /^bash: line \d+: (\S+\/\S+): No such file or directory$/.exec(line)?.[1];
  return path !== undefined && existsSync(path);
}

/**
 * What is wrong with commands of a document as far as can be seen without running them.
 * @param earlier commands before them, which may write files @param files those that the document shows, by name
 */
export function mistakesIn(
  script: string,
  earlier: readonly string[] = [],
  files: Readonly<Record<string, string>> = {},
): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), "commands-"));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    if (earlier.length > 0) dryRun(earlier.join("\n"), folder);
    return dryRun(script, folder).flatMap((command) => {
      try {
        check(command, folder);
        return [];
      } catch (error) {
        return [`${command.argv.join(" ")}: ${error instanceof Error ? error.message : String(error)}`];
      }
    });
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const FOLDERS_OF_OURS = /^(?:\.\/)?(?:bench|deploy|docs|examples|packages|scripts|testing)\//;

/** @throws Error that says what is wrong */
function check({ argv, stdin }: RecordedCommand, folder: string): void {
  const [program = "", ...args] = argv;
  for (const word of args.flatMap((arg) => arg.split("="))) {
    if (FOLDERS_OF_OURS.test(word) && !existsSync(join(folder, word)) && !existsSync(word)) {
      throw new Error(`${word} does not exist`);
    }
  }
  if (program === "executor-registry") checkCommandLine(args);
  if (program === "executor-registry-server") checkServerCommand(args);
  if (program === "npm") checkNpm(args);
  if (program === "node")
    checkExists(
      args.find((arg) => !arg.startsWith("-")),
      folder,
    );
  if (program !== "kubectl") return;
  if (args[0] === "executors") checkCommandLine(args.slice(1));
  for (const [index, arg] of args.entries()) {
    const file = /^(?:-f|--filename)(?:=(.*))?$/.exec(arg);
    const named = file?.[1] ?? args[index + 1] ?? "";
    if (file === null || /^https?:/.test(named)) continue;
    checkManifests(named === "-" ? stdin : readFileSync(checkExists(named, folder), "utf8"));
  }
}

function checkCommandLine(argv: readonly string[]): void {
  const command = commandOf(argv);
  checkWords(command, givenTo(command, argv));
}

function checkNpm(args: readonly string[]): void {
  const words = args.filter((arg, index) => index === 0 || !/^-(?:s|-silent)$/.test(arg));
  const name = words[0] === "run" ? words[1] : words[0] === "test" || words[0] === "start" ? words[0] : undefined;
  if (name === undefined) return;
  const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Readonly<Record<string, string>> };
  if (scripts[name] === undefined) throw new Error(`package.json has no script ${name}`);
  const rest = args.includes("--") ? args.slice(args.indexOf("--") + 1) : [];
  if (name === "cli" || name === "dev") checkCommandLine(rest);
  if (name === "server") checkServerCommand(rest);
}

/** A file that the commands before it wrote, or of this repository. */
function checkExists(file: string | undefined, folder: string): string {
  const found = [join(folder, file ?? ""), file ?? ""].find((path) => file && existsSync(path));
  if (found === undefined) throw new Error(`${file} does not exist`);
  return found;
}

function checkManifests(text: string): void {
  for (const document of parseAllDocuments(text)) {
    const manifest = document.toJS() as { apiVersion?: unknown; kind?: unknown; metadata?: { name?: unknown } } | null;
    if (document.errors[0] !== undefined) throw document.errors[0];
    if (manifest === null) continue;
    if (typeof manifest.apiVersion !== "string" || typeof manifest.kind !== "string") {
      throw new Error("a manifest has no apiVersion or no kind");
    }
  }
}
