import { createSocket } from "node:dgram";
import { once } from "node:events";

const A = 1;
const ANSWER = 0x84_00;
const NO_SUCH_NAME = 3;
const QUESTION_OFFSET = 12;

/** A name server on a loopback port. */
export interface NameServer extends AsyncDisposable {
  readonly port: number;
}

/**
 * Answers questions for IPv4 addresses over UDP, and says of any other name that there is none.
 * @param address of a name, without the dot at its end
 * @see https://www.rfc-editor.org/rfc/rfc1035#section-4
 */
export async function startNameServer(address: (name: string) => string | undefined): Promise<NameServer> {
  const socket = createSocket("udp4");
  socket.on("message", (query, from) => socket.send(reply(query, address), from.port, from.address));
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return {
    port: socket.address().port,
    async [Symbol.asyncDispose]() {
      socket.close();
      await once(socket, "close");
    },
  };
}

function reply(query: Buffer, address: (name: string) => string | undefined): Buffer {
  const labels: string[] = [];
  let at = QUESTION_OFFSET;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  const type = query.readUInt16BE(at + 1);
  const question = query.subarray(QUESTION_OFFSET, at + 5);
  const found = address(labels.join(".").toLowerCase());
  const answers = found !== undefined && type === A ? [record(found)] : [];
  const header = Buffer.alloc(QUESTION_OFFSET);
  header.writeUInt16BE(query.readUInt16BE(0), 0);
  header.writeUInt16BE(ANSWER | (found === undefined ? NO_SUCH_NAME : 0), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(answers.length, 6);
  return Buffer.concat([header, question, ...answers]);
}

/** An address for the name in the question, good for a second. */
function record(address: string): Buffer {
  const head = Buffer.from([0xc0, QUESTION_OFFSET, 0, A, 0, 1, 0, 0, 0, 1, 0, 4]);
  return Buffer.concat([head, Buffer.from(address.split(".").map(Number))]);
}
