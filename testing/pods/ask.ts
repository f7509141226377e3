import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { createResolver } from "@executor-registry/resolver";

// Runs in a pod of the example dispatcher's image: asks for the type `ml` a hundred times a second, with the library as a dispatcher has it,
// and with a plain request on a connection of its own. Prints what came of it every second, as a line of JSON.

const url = process.env["EXECUTOR_REGISTRY_URL"] ?? "";
const PERIOD_MS = 10;
const PRINT_MS = 1000;

const library = { asked: 0, failed: 0, stale: 0 };
const plain = { asked: 0, failed: 0 };
const problems: string[] = [];
const resolver = createResolver();

async function askLibrary(): Promise<void> {
  library.asked += 1;
  try {
    const { stale } = await resolver.resolve("ml");
    if (stale) library.stale += 1;
  } catch (error) {
    library.failed += 1;
    problems.push(String(error));
  }
}

async function askPlainly(): Promise<void> {
  plain.asked += 1;
  try {
    // A kept connection may be closed just as it is used (RFC 9112 §9.5), and then it is for the client to ask again. None is kept here.
    const [response] = (await once(get(`${url}/executors/ml`, { agent: false }), "response")) as [IncomingMessage];
    await text(response);
    if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}`);
  } catch (error) {
    plain.failed += 1;
    problems.push(`${String(error)}: ${String((error as Error).cause)}`);
  }
}

const { image } = await resolver.resolve("ml");
console.log(JSON.stringify({ first: image }));
setInterval(() => void Promise.all([askLibrary(), askPlainly()]), PERIOD_MS);
setInterval(() => console.log(JSON.stringify({ library, plain, problems: problems.slice(-5) })), PRINT_MS);
process.on("SIGTERM", () => process.exit());
