// Reads calendar files with ical.js: each line of standard input is one file as a JSON string, each line of
// standard output what was read of it, as jCal (RFC 7265) or as the error.
import { createInterface } from "node:readline";
import ICAL from "ical.js";

const lines = createInterface({ input: process.stdin, crlfDelay: Infinity });
for await (const line of lines) {
  let answer;
  try {
    answer = { read: ICAL.parse(JSON.parse(line)) };
  } catch (error) {
    answer = { error: String(error) };
  }
  // No character that any reader could take for the end of the line.
  const text = JSON.stringify(answer).replace(/[\u0080-\uffff]/g, (each) => "\\u" + each.charCodeAt(0).toString(16).padStart(4, "0"));
  process.stdout.write(text + "\n");
}
