import { globSync, readFileSync } from "node:fs";

const LONGEST = 400;
const MEDIAN = 100;

const lines = (file: string): string[] => readFileSync(file, "utf8").trimEnd().split("\n");
const all = globSync("{packages/*/src,examples,scripts,testing,bench}/**/*.ts").filter(
  (file) => !/node_modules|dist/.test(file),
);
const sources = all.filter((file) => file.startsWith("packages/") && !file.endsWith(".test.ts"));
const sizes = sources.map((file) => lines(file).length).sort((a, b) => a - b);
const median = sizes[Math.floor(sizes.length / 2)] ?? 0;

const complaints = [
  ...(median > MEDIAN ? [`the median source file has ${median} lines, more than ${MEDIAN}`] : []),
  ...all
    .filter((file) => lines(file).length > LONGEST)
    .map((file) => `${file} has ${lines(file).length} lines, more than ${LONGEST}`),
  ...sources.flatMap((file) =>
    lines(file).flatMap((line, index) =>
      /\b(TODO|FIXME|XXX)\b/.test(line) ? [`${file}:${index + 1} leaves something open`] : [],
    ),
  ),
];
console.log(`${sources.length} source files, median ${median} lines, longest ${sizes.at(-1) ?? 0}`);
for (const complaint of complaints) console.error(complaint);
process.exitCode = complaints.length > 0 ? 1 : 0;
