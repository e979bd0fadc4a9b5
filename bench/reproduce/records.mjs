// The records of runs, one JSON file for each row: bench/results/<row>.json.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../results', import.meta.url));
const page = fileURLToPath(new URL('../../docs/results.md', import.meta.url));

export function readRecords() {
  if (!existsSync(folder)) return {};
  return Object.fromEntries(
    readdirSync(folder)
      .filter((file) => file.endsWith('.json'))
      .map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')))
      .map((record) => [record.row, record]),
  );
}

/** Stores a record whole, unless there is one of a longer training; gives whether it did. */
export function storeRecord(record) {
  mkdirSync(folder, { recursive: true });
  if ((readRecords()[record.row]?.epochs ?? 0) > record.epochs) return false;
  writeWhole(join(folder, `${record.row}.json`), textOf(record));
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
