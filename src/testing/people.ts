import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { call } from './cli.js';

/** The rows of `people`. */
export const peopleRows = 300;

/** People as a spreadsheet exports them: semicolons, decimal commas, quotes, missing values. */
export function people(odd = false): string {
  const lines = ['nr;age;income;city;member;since;label'];
  for (let i = 0; i < peopleRows; i++) {
    const age = 20 + ((i * 37) % 50);
    const income = age * 1000 + ((i * 7919) % 997) / 2;
    const city = i % 13 === 0 ? 'NA' : ['Graz', '"Wien; Mitte"', 'Linz'][i % 3];
    const wild = odd && i === 7;
    lines.push(
      [
        `P${i}`,
        wild ? 45 : age,
        (wild ? 2_000_000 : income).toFixed(2).replace('.', ','),
        city,
        age > 40 ? 'yes' : 'no',
        `20${10 + (i % 12)}-0${1 + (i % 9)}-1${i % 10}`,
        wild ? 1 : 0,
      ].join(';'),
    );
  }
  return `\ufeff${lines.join('\r\n')}\r\n`;
}

/** The cells of a CSV file, by the names of its columns. */
export const cells = (path: string): Record<string, string>[] => parse(readFileSync(path), { columns: true });

/** Writes people into a file, and trains a VAE on them into a folder. */
export async function trainPeople(data: string, run: string): Promise<void> {
  writeFileSync(data, people());
  const options = ['--epochs', '20', '--learning-rate', '0.005', '--validation-split', '0.2'];
  const columns = ['--id', 'nr', '--label', 'label', '--out', run, '--quiet'];
  const done = await call('train', data, '--model', 'vae', ...options, ...columns);
  assert.deepEqual(done, { code: 0, stdout: '', stderr: '' });
}
