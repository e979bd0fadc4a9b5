// The records of runs, one JSON file for each row and seed: bench/results/<row>.json, <row>.seed1.json, …
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const results = fileURLToPath(new URL('../results', import.meta.url));
const page = fileURLToPath(new URL('../../docs/results.md', import.meta.url));

/** The records of each row, the longest trainings first, and of these the lowest seed. */
export function readRecords(folder = results) {
  const records = {};
  if (!existsSync(folder)) return records;
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
    const record = JSON.parse(readFileSync(join(folder, file), 'utf8'));
    records[record.row] = [...(records[record.row] ?? []), record];
  }
  for (const each of Object.values(records)) each.sort((a, b) => b.epochs - a.epochs || a.seed - b.seed);
  return records;
}

/** Stores a record whole, unless there is one of a longer training with its seed; gives whether it did. */
export function storeRecord(record, folder = results) {
  const { row, seed, epochs } = record;
  mkdirSync(folder, { recursive: true });
  if (readRecords(folder)[row]?.some((each) => each.seed === seed && each.epochs > epochs)) return false;
  writeWhole(join(folder, `${row}${seed === 0 ? '' : `.seed${seed}`}.json`), textOf(record));
  return true;
}

export function writePage(text) {
  writeWhole(page, text);
  return page;
}

function writeWhole(path, text) {
  writeFileSync(`${path}.part`, text);
  renameSync(`${path}.part`, path);
}

/** JSON with one line for each epoch of a curve. */
function textOf(record) {
  const onOneLine = (list) => list.replace(/\s+/g, ' ').replace('[ ', '[').replace(' ]', ']');
  return `${JSON.stringify(record, rounded, 2).replace(/\[[-+\d.e,\s]+\]/g, onOneLine)}\n`;
}

/** Seven digits: what float32 holds. */
function rounded(_key, value) {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(7)) : value;
}
