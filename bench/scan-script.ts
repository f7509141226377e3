import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { CountedRegistry } from "./registry-counted.ts";

/** What a run of the script cost. */
export interface ScriptRun {
  readonly seconds: number;
  readonly arrived: number;
}

// What several at once print may share a line.
// Every tag of a repository is listed once; --no-tags spares skopeo from listing them again with every image.
const SCRIPT = `
list() { skopeo list-tags --tls-verify=false "docker://$1" | sed -n 's|^ *"\\([^"]*\\)",\\{0,1\\}$|docker://'"$1"':\\1|p'; }
for repository in "$@"; do list "$repository"; done |
  xargs -P "$AT_ONCE" -n 1 skopeo inspect --no-tags --tls-verify=false --format '{{.Digest}}' |
  grep -o 'sha256:[0-9a-f]*' | sort -u | wc -l
`;

/** What one would write without the service: `skopeo list-tags` for each repository and `skopeo inspect` for each tag. */
export async function runScript(
  registry: CountedRegistry,
  repositories: readonly string[],
  { atOnce, images }: { readonly atOnce: number; readonly images: number },
): Promise<ScriptRun> {
  const before = await registry.arrived();
  const started = performance.now();
  const { stdout } = await promisify(execFile)(
    "sh",
    ["-ec", SCRIPT, "script", ...repositories.map((path) => `${registry.host}/${path}`)],
    { env: { ...process.env, AT_ONCE: String(atOnce) } },
  );
  const seconds = (performance.now() - started) / 1000;
  if (Number(stdout) !== images) throw new Error(`the script saw ${stdout.trim()} of ${images} images`);
  return { seconds, arrived: (await registry.arrived()) - before };
}
