import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { UserError } from '../../errors.js';
import { jsonLinesTable } from './jsonLines.js';
import type { Cell } from './table.js';

const root = mkdtempSync(join(tmpdir(), 'autoencoder-jsonl-'));
after(() => rmSync(root, { recursive: true }));

let files = 0;

async function read(content: string | Uint8Array): Promise<Record<string, Cell[]>> {
  const path = join(root, `${files++}.jsonl`);
  writeFileSync(path, content);
  const table = await jsonLinesTable(path);
  const columns = new Map(table.names.map((name) => [name, [] as Cell[]]));
  for await (const chunk of table.chunks()) {
    table.names.forEach((name, i) => {
      assert.equal(chunk.columns[i]!.length, chunk.rows);
      columns.get(name)!.push(...Array.from(chunk.columns[i]!));
    });
  }
  return Object.fromEntries(columns);
}

async function refuses(content: string | Uint8Array, message: RegExp): Promise<void> {
  await assert.rejects(read(content), (error) => {
    assert.ok(error instanceof UserError, String((error as Error).stack));
    assert.match(error.message, message);
    return true;
  });
}

test('reads objects, packed or not; keys that a row lacks are null', async () => {
  const text = '{"a":1,"b":"x"}\r\n\n{"b":null,"c":true}\n{}';
  const expected = { a: [1, null, null], b: ['x', null, null], c: [null, true, null] };
  assert.deepEqual(await read(text), expected);
  assert.deepEqual(await read(gzipSync(`${text}\n`)), expected);
  assert.deepEqual(await read(`\ufeff${text}`), expected);
});

test('makes columns with dots of objects inside', async () => {
  assert.deepEqual(await read('{"home":null}\n{"home":{"city":"Graz","at":{"x":1}}}\n'), {
    'home.city': [null, 'Graz'],
    'home.at.x': [null, 1],
  });
  const nested = (depth: number) => `${'{"k":'.repeat(depth)}1${'}'.repeat(depth)}`;
  assert.deepEqual(await read(nested(8)), { 'k.k.k.k.k.k.k.k': [1] });
  await refuses(nested(9), /line 1: the key "k\.k.*" is nested deeper than 8/);
  await refuses('{"a":{"b":1},"a.b":2}', /two keys come out as "a\.b"/);
});

test('keeps all digits of integers beyond 2^53', async () => {
  assert.deepEqual(await read('{"a":9007199254740993,"b":-12345678901234567890,"c":9007199254740991}'), {
    a: [9007199254740993n],
    b: [-12345678901234567890n],
    c: [9007199254740991],
  });
  assert.deepEqual(
    await read('{"a":"12345678901234567890 \\" 12345678901234567890","b":0.12345678901234567}'),
    {
      a: ['12345678901234567890 " 12345678901234567890'],
      b: [0.12345678901234566],
    },
  );
  // Long texts beside them, of escapes too, take no stack.
  const long = '\\"1'.repeat(3_000_000);
  assert.deepEqual(await read(`{"s":${JSON.stringify(long)},"i":-12345678901234567890}`), {
    s: [long],
    i: [-12345678901234567890n],
  });
  await refuses('{"a":1e999}', /line 1: the key "a" holds a number beyond the range of doubles/);
});

test('refuses arrays, with line and key', async () => {
  await refuses('{"a":{"b":1}}\n\n{"a":{"b":[1]}}', /line 3: the key "a\.b" holds an array/);
});

test('refuses what is not one object a line, with the line and what to do', async () => {
  await refuses('{"a":1}\n{"a":}\n', /line 2 is not valid JSON .*expected one object/);
  await refuses('{"a":1}\n12\n', /line 2 is a number; expected an object/);
  await refuses('[{"a":1}]', /begins with \[, like a JSON array.*jq -c '\.\[\]'/);
  await refuses('{\n"a":1\n}', /over several lines.*jq -c \./);
  await refuses('<html>', /a web page/);
  await refuses('\n\n', /zero rows/);
  await refuses('{}\n{}', /its objects have no keys/);
  await refuses('{"":1}', /column 1 of 1 has no name/);
});

test('takes keys from the first 1,000 rows, and refuses new ones after, unless they are null', async () => {
  const rows = '{"a":1}\n'.repeat(999);
  const early = await read(`${rows}{"b":2}\n${'{"a":3}\n'.repeat(9000)}{"z":null}\n`);
  assert.equal(early.a!.length, 10_001);
  assert.equal(early.b![999], 2);
  await refuses(`${rows}\n{"a":1}\n{"c":2}\n`, /line 1002: the key "c" is new/);
});

test('any rows of plain values read back the same', async () => {
  const value = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (Object.is(number, -0) ? 0 : number)),
    fc.bigInt({ min: 2n ** 54n, max: 2n ** 200n }),
    fc.boolean(),
    fc.constant(null),
  );
  const text = (cell: Cell) => (typeof cell === 'bigint' ? String(cell) : JSON.stringify(cell));
  await fc.assert(
    fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 20 }), async (values) => {
      // Doubles that are written as whole numbers with more digits than a double holds come as bigint.
      const expected = values.map((cell) =>
        typeof cell === 'number' && /^-?\d{16,}$/.test(String(cell)) && !Number.isSafeInteger(cell)
          ? BigInt(String(cell))
          : cell,
      );
      assert.deepEqual(await read(values.map((cell) => `{"v" : ${text(cell)} }`).join('\n')), {
        v: expected,
      });
    }),
  );
});

test('texts of any kind are read or refused, and never crash', async () => {
  const piece = fc.constantFrom(
    '{',
    '}',
    '"a"',
    ':',
    ',',
    '1',
    '12345678901234567890',
    '[',
    ']',
    '\n',
    'null',
    '"',
    '\\',
  );
  const line = fc.json({ maxDepth: 3 }).map((text) => `{"k":${text}}\n`);
  const content = fc
    .array(fc.oneof(piece, line), { minLength: 1, maxLength: 20 })
    .map((pieces) => pieces.join(''));
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        content.map((text) => Buffer.from(text)),
        fc.uint8Array({ minLength: 1 }),
      ),
      async (bytes) => {
        await read(bytes).catch((error) => assert.ok(error instanceof UserError, String(error.stack)));
      },
    ),
    { numRuns: 300 },
  );
});
