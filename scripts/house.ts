import { fileURLToPath } from "node:url";
import { readHouse, survey } from "./house-rules.ts";
import { PARTS, ROOMS } from "./rooms.ts";

// Prints the rooms of the house and the arrows between them; fails where an import is forbidden, rooms form a circle, or a file is too
// long. Usage: npm run house

const LONGEST_LINES = 400;
const MEDIAN_LINES = 100;
const SHORT_LINES = 15;

const root = fileURLToPath(new URL("..", import.meta.url));
const files = readHouse(root);
const linesOf = (text: string): readonly string[] => text.trimEnd().split("\n");
const sources = files.filter(({ path }) => path.startsWith("packages/") && !path.endsWith(".test.ts"));
const sizes = sources.map(({ text }) => linesOf(text).length).toSorted((a, b) => a - b);
const median = sizes[Math.floor(sizes.length / 2)] ?? 0;
const { rooms, arrows, circles, unused, complaints } = survey(files, PARTS, ROOMS);

for (const [room, count] of rooms) {
  const to = arrows.filter(({ from }) => from === room).map(({ to }) => to.replace(/^[^/]+\//, ""));
  console.log(`${room} (${count})${to.length > 0 ? ` → ${to.join(", ")}` : ""}`);
}
const short = sources.filter(({ path, text }) => path.endsWith(".ts") && linesOf(text).length < SHORT_LINES);
console.log(`${rooms.size} rooms, ${arrows.length} arrows, ${circles.length} circles of rooms`);
if (unused.length > 0) console.log(`the table allows what no import needs: ${unused.join(", ")}`);
console.log(`${sources.length} source files, median ${median} lines, longest ${sizes.at(-1) ?? 0}`);
console.log(`${short.length} under ${SHORT_LINES} lines: ${short.map(({ path }) => path).join(" ")}`);

const wrong = [
  ...complaints,
  ...circles.map((circle) => `rooms that import each other: ${circle.join(", ")}`),
  ...(median > MEDIAN_LINES ? [`the median source file has ${median} lines, more than ${MEDIAN_LINES}`] : []),
  ...files
    .filter(({ path, text }) => path.endsWith(".ts") && linesOf(text).length > LONGEST_LINES)
    .map(({ path, text }) => `${path} has ${linesOf(text).length} lines, more than ${LONGEST_LINES}`),
  ...sources.flatMap(({ path, text }) =>
    linesOf(text).flatMap((line, at) =>
      /\b(TODO|FIXME|XXX)\b/.test(line) ? [`${path}:${at + 1} leaves something open`] : [],
    ),
  ),
];
for (const complaint of wrong) console.error(complaint);
process.exitCode = wrong.length > 0 ? 1 : 0;
