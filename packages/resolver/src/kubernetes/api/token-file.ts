import { readFile } from "node:fs/promises";
import type { Clock } from "../../tools/clock.ts";

/** The kubelet renews a bound token at 80 % of its life (at least 10 minutes), so a minute is soon enough. */
const TOKEN_AGE_MS = 60_000;

/** A file that holds a token, and is replaced while it is used. */
export interface TokenFile {
  /** The token, at most a minute old; while the file is away, the last one. @throws when there was none ever */
  token(): Promise<string>;
  /** Whether the file holds another token than this one by now. */
  replaced(refused: string | undefined): Promise<boolean>;
}

export function tokenFile(path: string, clock: Clock): TokenFile {
  let token: string | undefined;
  let readAt = Number.NEGATIVE_INFINITY;
  let problem: unknown;
  const read = async (): Promise<void> => {
    readAt = clock.now();
    try {
      token = (await readFile(path, "utf8")).trim() || token;
      problem = new Error("it is empty");
    } catch (error) {
      problem = error;
    }
  };
  return {
    async token() {
      if (token === undefined || clock.now() - readAt >= TOKEN_AGE_MS) await read();
      if (token !== undefined) return token;
      const why = problem instanceof Error ? problem.message : String(problem);
      throw new Error(`the token file ${path} cannot be read: ${why}`, { cause: problem });
    },
    async replaced(refused) {
      if (token === refused || token === undefined) await read();
      return token !== undefined && token !== refused;
    },
  };
}

/** The header of a bearer token. */
export const bearer = (token: string): { readonly authorization: string } => ({ authorization: `Bearer ${token}` });
