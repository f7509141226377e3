import { VERSION } from "@executor-registry/resolver";
import type { Command } from "../base/command.ts";

export const version: Command = {
  name: "version",
  summary: "print the version",
  usage: "",
  flags: {},
  words: { least: 0, most: 0 },
  async run(_given, io) {
    io.stdout.print(`${VERSION} (node ${process.versions.node})`);
    return 0;
  },
};
