import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";

/** AWS's APIs as moto emulates them, with nothing in them. */
export interface Moto extends AsyncDisposable {
  readonly endpoint: string;
}

/** Why tests that need moto are skipped here, or `false`. */
export const noMoto: string | false = (() => {
  try {
    execFileSync("moto_server", ["--help"], { stdio: "ignore" });
    return false;
  } catch {
    return "moto's server is not installed (Python: pip install 'moto[server,ecr]')";
  }
})();

/** @see https://docs.getmoto.org/en/latest/docs/server_mode.html */
export async function startMoto(): Promise<Moto> {
  const server = spawn("moto_server", ["-H", "127.0.0.1", "-p", "0"], { stdio: ["ignore", "ignore", "pipe"] });
  const ended = once(server, "exit");
  const endpoint = await new Promise<string>((resolve, reject) => {
    let log = "";
    server.once("error", reject);
    server.once("exit", (code) => reject(new Error(`moto_server ended with ${code}: ${log.slice(-2000)}`)));
    server.stderr.on("data", (chunk: Buffer) => {
      if (log.length < 100_000) log += chunk.toString();
      const address = /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(log)?.[1];
      if (address) resolve(address);
    });
  });
  return {
    endpoint,
    async [Symbol.asyncDispose]() {
      server.kill("SIGKILL");
      await ended;
    },
  };
}
