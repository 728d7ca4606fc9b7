// Reads latency.hlog with hdr-histogram-js and prints what it finds for each tag, its rows added together, as JSON.
//   node read_log.js FILE MODULES
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [file, modules] = process.argv.slice(2);
const hdr = createRequire(modules + "/")("hdr-histogram-js");

const reader = new hdr.HistogramLogReader(readFileSync(file, "utf8"));
const byTag = new Map();
for (let row = reader.nextIntervalHistogram(); row !== null; row = reader.nextIntervalHistogram()) {
  if (!byTag.has(row.tag)) {
    byTag.set(row.tag, { rows: 0, sum: hdr.build({ bitBucketSize: 64, numberOfSignificantValueDigits: 3, highestTrackableValue: 3.6e12 }) });
  }
  const entry = byTag.get(row.tag);
  entry.rows += 1;
  entry.sum.add(row);
}

const found = {};
for (const [tag, { rows, sum }] of byTag) {
  const ms = (percentile) => sum.getValueAtPercentile(percentile) / 1e6;
  found[tag] = { rows, count: sum.totalCount, p50: ms(50), p90: ms(90), p99: ms(99), p99_9: ms(99.9), max: sum.maxValue / 1e6 };
}
console.log(JSON.stringify(found));
