import { isIP, type Socket } from "node:net";
import type { Target } from "./tunnel.ts";

const VERSION = 5;
const NO_AUTHENTICATION = 0;
const PASSWORD = 2;
/** Bytes of an address, by its type; a name begins with its length. */
const ADDRESS: Readonly<Record<number, number>> = { 1: 4, 4: 16 };
const NAME = 3;
const REPLIES: Readonly<Record<number, string>> = {
  2: "its rules do not allow the connection",
  3: "the network is not reachable",
  4: "the host is not reachable",
  5: "the connection was refused",
};

/**
 * Asks a SOCKS 5 proxy, on a connection to it, for one to a target. Names are resolved by the proxy.
 * @see https://www.rfc-editor.org/rfc/rfc1928
 */
export async function socks5(socket: Socket, target: Target, user: string, password: string): Promise<void> {
  const named = user !== "" || password !== "";
  socket.write(Buffer.from(named ? [VERSION, 2, NO_AUTHENTICATION, PASSWORD] : [VERSION, 1, NO_AUTHENTICATION]));
  const [version, method] = await take(socket, 2);
  if (version !== VERSION) throw new Error("it speaks no SOCKS 5");
  if (method === PASSWORD && named) {
    const [name, secret] = [Buffer.from(user), Buffer.from(password)];
    if (name.length > 255 || secret.length > 255) throw new Error("its user or password is too long for SOCKS 5");
    socket.write(Buffer.from([1, name.length, ...name, secret.length, ...secret]));
    const [, status] = await take(socket, 2);
    if (status !== 0) throw new Error("it refuses the user or the password");
  } else if (method !== NO_AUTHENTICATION)
    throw new Error("it requires an authentication method that is not supported");
  socket.write(Buffer.from([VERSION, 1, 0, ...addressOf(target.host), target.port >> 8, target.port & 255]));
  const [, reply = 1, , type = 0] = await take(socket, 4);
  if (reply !== 0) throw new Error(REPLIES[reply] ?? `it answered with the error ${reply}`);
  const [length = 0] = type === NAME ? await take(socket, 1) : [ADDRESS[type] ?? 0];
  await take(socket, length + 2);
}

function addressOf(host: string): readonly number[] {
  if (isIP(host) === 4) return [1, ...host.split(".").map(Number)];
  const name = Buffer.from(host);
  if (name.length > 255) throw new Error("the server's name is too long for SOCKS 5");
  return [NAME, name.length, ...name];
}

/** Exactly so many bytes; what follows them stays in the stream. */
function take(socket: Socket, length: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const read = (): void => {
      const bytes = socket.read(length) as Buffer | null;
      if (bytes !== null) settle(() => resolve(bytes));
    };
    const fail = (error?: Error): void => settle(() => reject(error ?? new Error("it closed the connection")));
    const closed = (): void => fail();
    const settle = (end: () => void): void => {
      socket.off("readable", read).off("error", fail).off("end", closed).off("close", closed);
      end();
    };
    socket.on("readable", read).on("error", fail).on("end", closed).on("close", closed);
    read();
  });
}
