import { ownProcess } from "./process-io.ts";
import { runServerCommand } from "./server-command.ts";

const { io, ended } = ownProcess();
// The bundle is CommonJS, which cannot wait here. The command never rejects.
void runServerCommand(process.argv.slice(2), io).then(ended);
