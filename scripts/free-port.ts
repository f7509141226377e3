import { once } from "node:events";
import { createServer } from "node:net";

const TRIES = 50;

/** A port that nothing listens on: the one wanted, else one of the next. */
export async function freePort(host: string, wanted: number): Promise<number> {
  for (let port = wanted; port < wanted + TRIES; port += 1) {
    const server = createServer();
    try {
      await once(server.listen(port, host), "listening");
      server.close();
      await once(server, "close");
      return port;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    }
  }
  throw new Error(`something listens on each of the ports from ${wanted} to ${wanted + TRIES - 1}`);
}
