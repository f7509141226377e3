import { z } from "zod";
import { oneLine } from "../model/one-line.ts";
import { type Check, fingerprintOf, type Judgement } from "./check.ts";
import { judgeEach } from "./platforms-of.ts";

export const UserSettings = z.strictObject({
  nonRoot: z.literal(true).meta({
    description:
      "An image must name a user by a number other than 0, as the kubelet wants it for `runAsNonRoot`. A name is not enough: the image decides which number it stands for",
  }),
});

/** Beyond it numbers come round to 0 in some runtimes (CVE-2024-40635). */
const MAX_ID = 2 ** 31 - 1;
const DIGITS = /^\d{1,10}$/;
const REMEDY = "set USER to a number from 1 on in its Dockerfile, such as USER 65532";

/** Lets in only images that are known not to run as root. */
export function createUserCheck({ nonRoot }: z.output<typeof UserSettings>): Check {
  return {
    name: "user",
    fingerprint: fingerprintOf(nonRoot),
    judge: (subject, signal) => judgeEach(subject, signal, ({ user }) => judgeUser(user)),
  };
}

const isId = (text: string): boolean => DIGITS.test(text) && Number(text) <= MAX_ID;

function judgeUser(written: string): Judgement {
  const [user = "", group = ""] = written.split(/:(.*)/s);
  const shown = oneLine(written, 60);
  const failed = (fact: string): Judgement => ({ state: "failed", code: "root-user", reason: `${fact}; ${REMEDY}` });
  if (user === "") return failed("it runs as root: it names no user");
  if (/^[+-]?0+$/.test(user)) return failed(`it runs as root: its user is ${shown}`);
  if (!isId(user))
    return failed(`it is not known to be non-root: its user is ${shown}, and not a number up to ${MAX_ID}`);
  if (/^[+-]?\d+$/.test(group) && !isId(group))
    return failed(`it is not known to be non-root: the group of its user is ${shown}, above ${MAX_ID}`);
  return { state: "passed", reason: `it runs as the user ${shown}`, evidence: { user: shown } };
}
