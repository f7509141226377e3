import type { Command } from "../base/command.ts";
import { NOT_CURRENT } from "../base/exit-codes.ts";
import type { Given } from "../base/parse-flags.ts";
import { suggestion, UsageError } from "../base/usage-error.ts";
import type { Io } from "../output/io.ts";
import { CHANGE_FLAGS } from "../service/selection.ts";
import { getPolicy, setPolicy, unsetPolicy } from "./policy-set.ts";
import { testPolicy } from "./policy-test.ts";

interface Action {
  readonly run: (given: Given, io: Io) => Promise<number>;
  readonly flags: readonly string[];
}

const ACTIONS: Readonly<Record<string, Action>> = {
  get: { run: getPolicy, flags: [] },
  set: { run: setPolicy, flags: ["reason", "dry-run"] },
  unset: { run: unsetPolicy, flags: ["reason", "dry-run"] },
  test: { run: testPolicy, flags: ["type", "policy"] },
};

const FLAGS = {
  ...CHANGE_FLAGS,
  policy: { type: "string", value: "FILE", names: "file", help: "test TYPE: with the version policies of this file" },
  type: {
    type: "string",
    value: "TYPE",
    names: "type",
    help: "test IMAGE: the type to test it for (default: those that its names mean)",
  },
} as const satisfies Command["flags"];

export const policy: Command = {
  name: "policy",
  summary: "print, set and test the version policies, and test what the checks say of any image",
  usage: "get [TYPE] | set FILE --reason TEXT | unset --reason TEXT | test IMAGE|TYPE",
  details: `get: the version policies in force, or that of a TYPE with what it chooses and what it passes over.
set, unset: the version policies of a FILE in place of the configuration's, or these again. With --dry-run: whose answers would change.
test TYPE: what its version policy makes of it; with --policy FILE, what that would, before and after. Nothing is changed.
test IMAGE: what the checks say of a reference, such as registry.example.com/team/executor-ml:1.2.3, in a repository that a source of the
service covers.
Exits with ${NOT_CURRENT} for an image that would not be admitted, and for a type that would have no version.`,
  flags: FLAGS,
  words: { least: 1, most: 2 },
  actions: Object.keys(ACTIONS),
  typesOf: "service",
  async run(given, io) {
    const [name = ""] = given.words;
    const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
    if (action === undefined) {
      throw new UsageError(`policy has no action ${name}${suggestion(name, Object.keys(ACTIONS))}`, "policy");
    }
    const unused = Object.keys(FLAGS).find((flag) => given.flags[flag] !== undefined && !action.flags.includes(flag));
    if (unused !== undefined) throw new UsageError(`policy ${name} takes no flag --${unused}`, "policy");
    return action.run(given, io);
  },
};
