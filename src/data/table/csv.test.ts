import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { UserError } from '../../errors.js';
import { type CsvOptions, csvTable } from './csv.js';
import { splitRecords } from './csvRecords.js';
import type { Cell, Table } from './table.js';

const root = mkdtempSync(join(tmpdir(), 'autoencoder-csv-'));
after(() => rmSync(root, { recursive: true }));

let files = 0;

function fileOf(content: string | Uint8Array, ending = '.csv'): string {
  const path = join(root, files++ + ending);
  writeFileSync(path, content);
  return path;
}

async function rowsOf(table: Table): Promise<Cell[][]> {
  const rows: Cell[][] = [];
  for await (const chunk of table.chunks()) {
    assert.ok(chunk.rows > 0);
    assert.equal(chunk.columns.length, table.names.length);
    for (let row = 0; row < chunk.rows; row++) rows.push(chunk.columns.map((column) => column[row]!));
  }
  return rows;
}

async function read(content: string | Uint8Array, options?: CsvOptions, ending?: string) {
  const table = await csvTable(fileOf(content, ending), options);
  return { names: table.names, rows: await rowsOf(table) };
}

/** What the reader says of a file, and its first column where it has no name. */
async function assumed(content: string) {
  const { notes, unnamed } = await csvTable(fileOf(content));
  return { notes: notes?.join('\n') ?? '', unnamed };
}

async function refuses(content: string | Uint8Array, message: RegExp, options?: CsvOptions): Promise<void> {
  await assert.rejects(read(content, options), (error) => {
    assert.ok(error instanceof UserError, String((error as Error).stack));
    assert.match(error.message, message);
    return true;
  });
}

test('reads cells as text, empty ones as null, again and again', async () => {
  const table = await csvTable(fileOf('age,city\n31, Graz \n,"  "\n1e3,""\n'));
  const rows = [
    ['31', 'Graz'],
    [null, '  '],
    ['1e3', null],
  ];
  assert.deepEqual(table.names, ['age', 'city']);
  assert.deepEqual(await rowsOf(table), rows);
  assert.deepEqual(await rowsOf(table), rows);
});

for (const [name, end] of [
  ['LF', '\n'],
  ['CR LF', '\r\n'],
  ['CR', '\r'],
] as const) {
  test(`reads quotes, line ends inside quotes and blank lines: ${name}`, async () => {
    const lines = ['', 'a,b', '', '"x ""y"",z", 2', `"one${end}two",3`, '  ', '4,5', ''];
    const expected = {
      names: ['a', 'b'],
      rows: [
        ['x "y",z', '2'],
        [`one${end}two`, '3'],
        ['4', '5'],
      ],
    };
    assert.deepEqual(await read(lines.join(end)), expected);
    assert.deepEqual(await read(gzipSync(lines.join(end) + end)), expected);
  });
}

test('finds the delimiter', async () => {
  for (const delimiter of [',', ';', '\t', '|']) {
    const { names, rows } = await read(`a${delimiter}"b,;|\t"${delimiter}c\n1${delimiter}2${delimiter}3`);
    assert.deepEqual(names, ['a', 'b,;|\t', 'c']);
    assert.deepEqual(rows, [['1', '2', '3']]);
  }
  assert.deepEqual((await read('1,5;2,5\n3,0;4,5\n')).rows[1], ['3,0', '4,5']);
  assert.deepEqual(await read('name\nAnn\nBob'), { names: ['name'], rows: [['Ann'], ['Bob']] });
  assert.deepEqual((await read('a,b\n1,2', {}, '.tsv')).names, ['a,b']);
  assert.deepEqual((await read('a:b\n1:2', { delimiter: ':' })).rows, [['1', '2']]);
  await refuses('a,b\n1,2', /the delimiter "::" was given; expected one character/, { delimiter: '::' });
});

test('takes the delimiter from the first line of Excel, which is no row', async () => {
  const expected = { names: ['a,b', 'c'], rows: [['1,5', '2']] };
  for (const end of ['\n', '\r\n', '\r']) {
    for (const mark of ['', '\ufeff']) {
      assert.deepEqual(await read([`${mark}sep=;`, 'a,b;c', '1,5;2', ''].join(end)), expected);
    }
  }
  assert.deepEqual((await read('sep=#\na#b\n1#2\n')).names, ['a', 'b']);
  assert.deepEqual((await read('sep=\t\na,b\tc\n1\t2\n')).names, ['a,b', 'c']);
  assert.deepEqual((await read('sep=;\na,b\n1,2\n', { delimiter: ',' })).names, ['a', 'b']);
  assert.deepEqual((await read('a\nsep=;\n')).rows, [['sep=;']]);
});

test('names the columns of a file without names', async () => {
  const { names, rows } = await read('1,2.5,-3e4\n4,5,6\n');
  const { notes } = await assumed('1,2.5,-3e4\n4,5,6\n');
  assert.match(
    notes,
    /^the first row holds numbers alone \(1, 2\.5, -3e4\) and is taken for data, the columns being called column1 to column3; if it holds names, write one/,
  );
  assert.deepEqual(names, ['column1', 'column2', 'column3']);
  assert.equal(rows.length, 2);
  assert.deepEqual((await read('7')).rows, [['7']]);
});

test('says that a first row with numbers is taken for names', async () => {
  const flowers = '5.1,3.5,1.4,setosa\n4.9,3.0,1.3,setosa\n';
  const { notes } = await assumed(flowers);
  const { names } = await read(flowers);
  assert.deepEqual(names, ['5.1', '3.5', '1.4', 'setosa']);
  assert.match(
    notes,
    /^the first row \(5\.1, 3\.5, 1\.4, setosa\) is taken for names, .*; if it is data, put a row of names above it$/,
  );
  for (const text of ['a,b\n1,2\n', 'a,b,2019\n1,2,3\n']) assert.equal((await assumed(text)).notes, '');
  await refuses(
    '5.1,5.1,setosa\n1,2,x\n',
    /stands more than once .*; if this row is data, put a row of names above it/,
  );
});

test("calls the index of pandas 'index'", async () => {
  assert.equal((await assumed(',a\n0,x\n')).unnamed, 'index');
  assert.equal((await assumed('index,a\n0,x\n')).unnamed, undefined);
  assert.deepEqual((await read(',a\n0,x\n')).names, ['index', 'a']);
  await refuses(',index\n0,x\n', /column 1 of 2 has no name/);
});

test('refuses names that stand twice or are missing', async () => {
  await refuses('\na,b,a\n1,2,3\n', /line 2 of .*: the name "a" stands more than once \(columns 1, 3\)/);
  await refuses('a,,b\n1,2,3\n', /column 2 of 3 has no name/);
});

test('refuses a table without rows', async () => {
  await refuses('a,b\n', /zero rows: nothing follows the names of its 2 columns/);
  await refuses('\n \n', /blank lines only/);
  await refuses('\ufeff', /blank lines only/);
});

test('tells where rows are of another length', async () => {
  await refuses(
    'a,b\n1,2\n\n"x\r\ny",2\n1\n1,2,3\n',
    /the first row has 2 cells \(between commas\), but line 6 has 1, line 7 has 3;.*--delimiter/,
  );
  await refuses(`a,b\n${'1\n'.repeat(9)}`, /line 6 has 1 \(perhaps more\)/);
  await refuses(`a,b\n${'1,2\n'.repeat(200_000)}1`, /line 200002 has 1;/);
});

test('tells what to do about decimal commas where commas divide cells', async () => {
  await refuses(
    'a,b\n1,5,2\n2,5,3,5\n',
    /decimal commas, write decimal points, or divide cells by semicolons/,
  );
  await refuses('x\n1,5\n2,5\n', /if the commas inside of numbers are decimal commas/);
  await refuses('a,b\n1,5,x\n', /give --delimiter$/);
});

test('tells where quotes are wrong', async () => {
  await refuses('a,b\n1,2\n5" pipe,3\n', /row that begins in line 3 has a double quote in the middle/);
  await refuses('a,b\n"x" y,2\n', /row that begins in line 2 has a double quote in the middle/);
  await refuses(
    'a,b\n1,2\n3,"4\n5,6\n',
    /row that begins in line 3 opens a double quote that nothing closes/,
  );
  await refuses(
    `a,b\n1,2\n3,"4\n${`${'text '.repeat(200)},5\n`.repeat(17_000)}`,
    /line 3 is larger than 16 MiB: most likely it opens a double quote/,
  );
});

test('refuses what is no text table', async () => {
  await refuses('<!DOCTYPE html><html></html>', /is a web page \(HTML\)/);
  await refuses('<?xml version="1.0"?><a/>', /an XML document/);
  await refuses('a,b\n1,\0\n', /line 2: found a NUL character/);
  await refuses(Buffer.from('PK\x03\x04'), /Excel workbook/);
});

test('reads other encodings', async () => {
  const rows = [['Köln', '1']];
  assert.deepEqual((await read(Buffer.from('\ufeffa;b\r\nKöln;1', 'utf16le'))).rows, rows);
  const latin = Buffer.from('a;b\nKöln;1', 'latin1');
  assert.deepEqual((await read(latin, { encoding: 'windows-1252' })).rows, rows);
  await refuses(latin, /line 2: this is not text in UTF-8/);
});

test('gives many rows in chunks, with quotes here and there', async () => {
  const lines = Array.from({ length: 20_000 }, (_, i) =>
    i % 7 ? `${i},plain text of row ${i}` : `"${i}","q\n${i}"`,
  );
  const { rows } = await read(`n,t\n${lines.join('\n')}`);
  assert.equal(rows.length, 20_000);
  rows.forEach(([n, t], i) => {
    assert.equal(n, String(i));
    assert.equal(t, i % 7 ? `plain text of row ${i}` : `q\n${i}`);
  });
});

test('gives tables of many columns in smaller chunks', async () => {
  const row = (text: string) => Array.from({ length: 3000 }, (_, i) => text + i).join();
  const table = await csvTable(fileOf(`${row('n')}\n${`${row('x')}\n`.repeat(800)}`));
  const sizes: number[] = [];
  for await (const chunk of table.chunks()) sizes.push(chunk.rows);
  assert.ok(Math.max(...sizes) * 3000 <= 2 ** 20, String(sizes));
  assert.equal(
    sizes.reduce((sum, rows) => sum + rows),
    800,
  );
});

const cell = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 6 }),
  fc.string({
    unit: fc.constantFrom(',', ';', '\t', '|', '"', '\r', '\n', ' ', 'a', '1', '\u00a0', 'é'),
    maxLength: 8,
  }),
);

const table = fc
  .record({ columns: fc.integer({ min: 1, max: 5 }), rows: fc.integer({ min: 1, max: 8 }) })
  .chain(({ columns, rows }) =>
    fc.array(fc.array(cell, { minLength: columns, maxLength: columns }), {
      minLength: rows,
      maxLength: rows,
    }),
  );

const readable = (text: string) => text.replaceAll('\0', '');

test('any table, with any delimiter, line end and quoting, reads back the same', async () => {
  const style = fc.record({
    delimiter: fc.constantFrom(',', ';', '\t', '|'),
    end: fc.constantFrom('\n', '\r\n', '\r'),
    always: fc.boolean(),
    lastEnd: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(table, style, fc.integer({ min: 1, max: 9 }), async (cells, how, pieceLength) => {
      const rows = cells.map((row) => row.map(readable));
      const write = (text: string) =>
        how.always ||
        text === '' ||
        text !== text.trim() ||
        /["\r\n]/.test(text) ||
        text.includes(how.delimiter)
          ? `"${text.replaceAll('"', '""')}"`
          : text;
      const names = rows[0]!.map((_, i) => `n${i}`);
      const text = [names, ...rows].map((row) => row.map(write).join(how.delimiter)).join(how.end);
      const content = text + (how.lastEnd ? how.end : '');
      const found = await read(content, { delimiter: how.delimiter });
      assert.deepEqual(found.names, names);
      assert.deepEqual(
        found.rows,
        rows.map((row) => row.map((value) => (value === '' ? null : value))),
      );
      // However the text is cut into pieces.
      const records: (readonly string[])[] = [];
      const lines: number[] = [];
      for await (const batch of splitRecords(cut(content, pieceLength), 'x', how.delimiter)) {
        records.push(...batch.records);
        lines.push(...batch.lines);
      }
      assert.deepEqual(records, [names, ...rows]);
      let line = 1;
      for (const [i, record] of records.entries()) {
        assert.equal(lines[i], line);
        line += record.reduce((ends, value) => ends + value.split(/\r\n|\r|\n/).length - 1, 1);
      }
    }),
  );
});

async function* cut(text: string, length: number): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += length) yield text.slice(at, at + length);
}

test('bytes and texts of any kind are read or refused, and never crash', async () => {
  const piece = fc.constantFrom(
    '"',
    '""',
    ',',
    ';',
    '\n',
    '\r\n',
    '\r',
    'a',
    '1',
    ' ',
    '\t',
    '\0',
    '\ufeff',
    '<html',
  );
  const content = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 60 }),
    fc.array(piece, { minLength: 1, maxLength: 30 }).map((pieces) => Buffer.from(pieces.join(''))),
    fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 0]), bytes])),
  );
  await fc.assert(
    fc.asyncProperty(content, async (bytes) => {
      try {
        const { names, rows } = await read(bytes);
        assert.ok(rows.every((row) => row.length === names.length));
      } catch (error) {
        assert.ok(error instanceof UserError, String((error as Error).stack));
      }
    }),
    { numRuns: 300 },
  );
});

test('divides text exactly as csv-parse alone does', async () => {
  const piece = fc.constantFrom(
    '"',
    '""',
    ',',
    '\n',
    '\r\n',
    '\r',
    'a',
    '1',
    ' ',
    '\t',
    '"b"',
    ',"c",',
    '\u00a0',
  );
  const texts = fc.array(piece, { minLength: 1, maxLength: 14 }).map((pieces) => pieces.join(''));
  await fc.assert(
    fc.asyncProperty(texts, fc.integer({ min: 1, max: 9 }), async (text, pieceLength) => {
      let expected: unknown;
      try {
        expected = parse(text, {
          record_delimiter: ['\r\n', '\n', '\r'],
          trim: true,
          skip_empty_lines: true,
          relax_column_count: true,
        });
      } catch {
        expected = 'refused';
      }
      const records: unknown[] = [];
      try {
        for await (const batch of splitRecords(cut(text, pieceLength), 'x', ','))
          records.push(...batch.records);
      } catch (error) {
        assert.ok(error instanceof UserError, String((error as Error).stack));
        assert.equal(expected, 'refused', error.message);
        return;
      }
      assert.deepEqual(records, expected);
    }),
    { numRuns: 500 },
  );
});
