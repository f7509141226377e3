import { execFileSync } from "node:child_process";

/** Where connections on this machine lead. */
export interface NodeRules extends Disposable {
  /**
   * Leads new connections elsewhere from now on.
   * @param which what they have to match, such as `10.96.0.7/32 -p tcp --dport 80`
   * @param ends addresses with ports, each of which gets an equal share
   */
  lead(which: string, ends: readonly string[]): void;
}

const CHAIN = `TEST-NETWORK-${process.pid}`;
const HOOKS = ["PREROUTING", "OUTPUT"];
let taken = false;

const nat = (...args: readonly string[]): string =>
  execFileSync("iptables", ["-w", "-t", "nat", ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

/** This process's rules for connections, in a chain of their own, which goes at the latest when the process exits; needs root. */
export function nodeRules(): NodeRules {
  if (taken) throw new Error("this process has rules for connections already: dispose of them first");
  const routes = new Map<string, readonly string[]>();
  /** Puts all rules in place at once. */
  const write = (): void => {
    const rules = [...routes].flatMap(([which, ends]) =>
      ends.map((end, at) => {
        const share =
          at === ends.length - 1 ? "" : `-m statistic --mode random --probability ${1 / (ends.length - at)} `;
        return `-A ${CHAIN} -d ${which} ${share}-j DNAT --to-destination ${end}`;
      }),
    );
    const input = ["*nat", `:${CHAIN} - [0:0]`, ...rules, "COMMIT", ""].join("\n");
    execFileSync("iptables-restore", ["--wait", "--noflush"], { input, stdio: ["pipe", "ignore", "pipe"] });
  };
  const remove = (): void => {
    process.off("exit", remove);
    taken = false;
    removeChain(CHAIN);
  };
  removeLeftOvers();
  taken = true;
  process.on("exit", remove);
  try {
    write();
    for (const hook of HOOKS) nat("-I", hook, "-j", CHAIN);
  } catch (error) {
    remove();
    throw error;
  }
  return {
    lead(which, ends) {
      routes.set(which, ends);
      write();
    },
    [Symbol.dispose]: remove,
  };
}

/** Removes the rules of processes that were killed before they could, or that had this one's id. */
function removeLeftOvers(): void {
  for (const [, chain = "", pid] of nat("-S").matchAll(/^-N (TEST-NETWORK-(\d+))$/gm)) {
    if (chain !== CHAIN && isRunning(Number(pid))) continue;
    try {
      removeChain(chain);
    } catch {
      // Another process that starts removes it, too.
    }
  }
}

function removeChain(chain: string): void {
  const rules = nat("-S").split("\n");
  for (const rule of rules) if (rule.endsWith(` -j ${chain}`)) nat("-D", ...rule.split(" ").slice(1));
  if (!rules.includes(`-N ${chain}`)) return;
  nat("-F", chain);
  nat("-X", chain);
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
