import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { UserError } from '../../errors.js';
import { zipBytes } from '../fixtures/zip.js';
import { npyBytes } from '../npy.js';
import { namesTable, readTable, tableFiles } from './readTable.js';
import type { Cell, Table } from './table.js';

const folder = mkdtempSync(join(tmpdir(), 'autoencoder-tables-'));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, content: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function columnsOf(table: Table): Promise<Record<string, Cell[]>> {
  const cells: Cell[][] = table.names.map(() => []);
  for await (const { columns } of table.chunks()) {
    for (const [i, column] of columns.entries()) cells[i]!.push(...Array.from(column));
  }
  return Object.fromEntries(table.names.map((name, i) => [name, cells[i]!]));
}

async function refuses(path: string, message: RegExp): Promise<void> {
  await assert.rejects(readTable(path), (error) => {
    assert.ok(error instanceof UserError, String((error as Error).stack));
    assert.match(error.message, message);
    return true;
  });
}

const matrix = npyBytes({ data: Float32Array.of(1, 2, 3, 4), shape: [2, 2] });
const parquet = new Uint8Array(
  parquetWriteBuffer({
    columnData: [
      { name: 'a', data: [1, 3], type: 'DOUBLE' },
      { name: 'b', data: ['2', null], type: 'STRING' },
    ],
  }),
);
const texts = {
  a: ['1', '3'],
  b: ['2', null],
};
const formats: readonly {
  readonly endings: readonly string[];
  readonly content: string | Uint8Array;
  readonly cells: Record<string, Cell[]>;
}[] = [
  { endings: ['csv', 'txt', 'CSV'], content: 'a,b\n1,2\n3,\n', cells: texts },
  { endings: ['tsv', 'tab'], content: 'a\tb\n1\t2\n3\t\n', cells: texts },
  {
    endings: ['jsonl', 'ndjson'],
    content: '{"a":1,"b":"2"}\n{"a":3,"b":null}\n',
    cells: { a: [1, 3], b: ['2', null] },
  },
  { endings: ['parquet', 'pq', 'PARQUET'], content: parquet, cells: { a: [1, 3], b: ['2', null] } },
  { endings: ['npy'], content: matrix, cells: { x0: [1, 3], x1: [2, 4] } },
  {
    endings: ['npz'],
    content: zipBytes([{ name: 'X.npy', bytes: matrix }]),
    cells: { x0: [1, 3], x1: [2, 4] },
  },
];

for (const { endings, content, cells } of formats) {
  test(`the endings ${endings.join(', ')} say how a file is read, gzipped or not`, async () => {
    for (const ending of endings) {
      for (const path of [
        file(`a.${ending}`, content),
        file(`a.${ending}.gz`, gzipSync(content)),
        file(`b.c.${ending}.GZ`, gzipSync(content)),
      ]) {
        const table = await readTable(path);
        assert.equal(table.source, path);
        assert.deepEqual(await columnsOf(table), cells, path);
        assert.deepEqual(await columnsOf(table), cells, path);
      }
    }
  });
}

test('says which endings are read, and that a file is missing', async () => {
  await refuses(join(folder, 'none'), /there is no file .*none; check the path/);
  for (const { endings } of formats) {
    await refuses(join(folder, `none.${endings[0]}`), /there is no file .*none\..*; check the path/);
  }
  for (const name of ['data', 'a.xlsx', 'csv', 'a.csv.zip', 'b.gz']) {
    const path = file(name, 'a\n1\n');
    await refuses(path, /the name's ending does not say what the file holds; tables are read from CSV/);
  }
  for (const kind of ['CSV', 'TSV', 'JSON Lines', 'Parquet', '.npz', '.npy', 'gzipped']) {
    assert.ok(tableFiles.includes(kind));
  }
  mkdirSync(join(folder, 'a-folder.csv'));
  await refuses(join(folder, 'a-folder.csv'), /is a directory; expected a file/);
});

test('one format under the ending of another gives a UserError', async () => {
  for (const { endings, content } of formats) {
    for (const { endings: others, content: other } of formats) {
      if (typeof content === 'string' && typeof other === 'string') continue;
      if (content === other) continue;
      await refuses(file(`wrong.${others[0]}`, content), /wrong\./);
    }
    await refuses(file(`empty.${endings[0]}`, ''), /is empty/);
  }
});

test('encoding and delimiter reach the reader', async () => {
  const path = file('latin.csv', Buffer.from('n|a,b\nZ\u00fcrich|1,5\n', 'latin1'));
  const table = await readTable(path, { encoding: 'windows-1252', delimiter: '|' });
  assert.deepEqual(await columnsOf(table), { n: ['Zürich'], 'a,b': ['1,5'] });
});

test('names of tables are told from those of other data', () => {
  for (const path of ['-', 'a.csv', 'x/a.tsv.gz', 'a.PARQUET', 'a.npz']) assert.ok(namesTable(path), path);
  for (const path of ['a.npy', 'a.npy.gz', 'mnist', 'train-images-idx3-ubyte.gz', 'a.png', ''])
    assert.ok(!namesTable(path), path);
});

const program = `
import { readTable } from ${JSON.stringify(new URL('./readTable.js', import.meta.url).href)};
try {
  const read = async () => {
    const table = await readTable('-');
    const rows = [];
    for await (const { rows: count, columns } of table.chunks()) {
      for (let row = 0; row < count; row++) rows.push(columns.map((column) => column[row]));
    }
    return { source: table.source, names: table.names, rows };
  };
  const first = await read();
  const again = await read();
  console.log(JSON.stringify({ ...first, same: JSON.stringify(first) === JSON.stringify(again) }));
} catch (error) {
  console.log(JSON.stringify({ kind: error.constructor.name, message: error.message }));
}`;

let runs = 0;

/** What a process prints that reads standard input twice. Nothing may be left in its folder of temporary files. */
async function piped(
  input: Uint8Array | string | number,
  temporary?: string,
): Promise<Record<string, unknown>> {
  const own = join(folder, `tmp${runs++}`);
  mkdirSync(own);
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: [typeof input === 'number' ? input : 'pipe', 'pipe', 'inherit'],
    env: { ...process.env, TMPDIR: temporary ?? own },
  });
  let printed = '';
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  if (typeof input !== 'number') {
    // It may end before it has read everything.
    child.stdin!.on('error', () => undefined);
    child.stdin!.end(input);
  }
  const code = await new Promise((resolve) => child.once('close', resolve));
  assert.equal(code, 0);
  assert.deepEqual(readdirSync(own), []);
  return JSON.parse(printed) as Record<string, unknown>;
}

test('- is CSV from standard input, which can be read again, and leaves no file', async () => {
  const rows = Array.from({ length: 30_000 }, (_, i) => [String(i), `text ${i}`]);
  const text = `n,t\n${rows.map((row) => row.join(',')).join('\n')}\n`;
  const expected = { source: 'standard input', names: ['n', 't'], rows, same: true };
  assert.deepEqual(await piped(text), expected);
  assert.deepEqual(await piped(gzipSync(text)), expected);
  assert.deepEqual(await piped(openSync(file('piped', text), 'r')), expected);
});

test('- is JSON Lines where it begins with an object', async () => {
  const text = '\n {"a":1,"b":"x"}\n{"a":null,"b":"ü"}\n';
  const rows = [
    [1, 'x'],
    [null, 'ü'],
  ];
  const expected = { source: 'standard input', names: ['a', 'b'], rows, same: true };
  for (const input of [text, `\ufeff${text}`, gzipSync(text), Buffer.from(`\ufeff${text}`, 'utf16le')]) {
    assert.deepEqual(await piped(input), expected);
  }
});

test('messages name standard input, not the file that it went through', async () => {
  const late = `a,b\n${'1,2\n'.repeat(200_000)}1,"2\n`;
  for (const input of [
    '',
    'a,b\n',
    '{"a":1}\n{"a":\n',
    'a,a\n1,2\n',
    late,
    Uint8Array.of(0x1f, 0x8b, 8, 0),
  ]) {
    const { kind, message } = await piped(input);
    assert.equal(kind, 'UserError', String(message));
    assert.match(String(message), /^(line 1 of )?standard input\b/);
    assert.doesNotMatch(String(message), /autoencoder-stdin/);
  }
});

test('says what is wrong with standard input itself, or with the room for it', async () => {
  const directory = await piped(openSync(folder, 'r'));
  assert.equal(directory.kind, 'UserError', String(directory.message));
  const noRoom = await piped('a\n1\n', join(folder, 'no-such-folder'));
  assert.equal(noRoom.kind, 'UserError');
  assert.match(String(noRoom.message), /could not be put into a file in .*no-such-folder.*TMPDIR/);
});
