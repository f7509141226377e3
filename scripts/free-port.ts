import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";

const TRIES = 50;

/**
 * A port that nothing listened on just now, for servers that have to know each other before they start.
 * @param wanted this one, else one of the next; 0 for any
 */
export async function freePort(host = "127.0.0.1", wanted = 0): Promise<number> {
  for (let port = wanted; port < wanted + TRIES; port += 1) {
    const server = createServer();
    try {
      await once(server.listen(port, host), "listening");
      const address = server.address() as AddressInfo;
      server.close();
      await once(server, "close");
      return address.port;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    }
  }
  throw new Error(`something listens on each of the ports from ${wanted} to ${wanted + TRIES - 1}`);
}
