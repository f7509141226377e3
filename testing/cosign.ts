import { execFile, execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

const version: string | undefined = (() => {
  try {
    const printed = execFileSync("cosign", ["version", "--json"], { stdio: ["ignore", "pipe", "ignore"] }).toString();
    return (JSON.parse(printed) as { gitVersion: string }).gitVersion;
  } catch {
    return undefined;
  }
})();

/** Why tests that need cosign are skipped here, or `false`. */
export const noCosign: string | false =
  version === undefined &&
  "cosign is not installed (go install github.com/sigstore/cosign/v3/cmd/cosign@latest): signatures by cosign itself are not tested";

/** A key of cosign, and the program. */
export interface Cosign extends AsyncDisposable {
  /** `v2.6.2` */
  readonly version: string;
  /** The public key in PEM. */
  readonly key: string;
  /** Files for `--key`. */
  readonly files: { readonly privateKey: string; readonly publicKey: string };
  /** A folder of the test's own. */
  readonly folder: string;
  /** Runs it. @throws when it ends with another status than 0 */
  run(args: readonly string[], environment?: Readonly<Record<string, string>>): Promise<string>;
}

export async function makeCosign(): Promise<Cosign> {
  const folder = await mkdtemp(join(tmpdir(), "cosign-"));
  const cosign = async (args: readonly string[], environment = {}): Promise<string> => {
    const env = { ...process.env, HOME: folder, COSIGN_PASSWORD: "", ...environment };
    const { stdout } = await run("cosign", args, { cwd: folder, env, timeout: 60_000 });
    return stdout;
  };
  await cosign(["generate-key-pair"]);
  const files = { privateKey: join(folder, "cosign.key"), publicKey: join(folder, "cosign.pub") };
  return {
    version: version ?? "",
    key: await readFile(files.publicKey, "utf8"),
    files,
    folder,
    run: cosign,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}
