import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '../../errors.js';
import { type TableInput, tableOf } from './memoryTable.js';
import { type Cell, chunkRows } from './table.js';

async function columnsOf(input: TableInput): Promise<Record<string, Cell[]>> {
  const table = tableOf(input);
  const columns = Object.fromEntries(table.names.map((name) => [name, [] as Cell[]]));
  for await (const chunk of table.chunks()) {
    table.names.forEach((name, i) => {
      columns[name]!.push(...Array.from(chunk.columns[i]!));
    });
  }
  return columns;
}

function refuses(input: unknown, message: RegExp): void {
  assert.throws(
    () => tableOf(input as TableInput, 'people'),
    (error) => error instanceof UserError && message.test(error.message),
    String(message),
  );
}

test('takes rows as objects; what a row lacks is null', async () => {
  const day = new Date(0);
  const rows = [
    { age: 31, born: day },
    { age: undefined, city: 'Graz' },
    { big: 2n ** 60n, ok: true },
  ];
  assert.deepEqual(await columnsOf(rows), {
    age: [31, null, null],
    born: [day, null, null],
    city: [null, 'Graz', null],
    big: [null, null, 2n ** 60n],
    ok: [null, null, true],
  });
});

test('takes columns as arrays of any kind', async () => {
  const sparse = [1, undefined, 3];
  delete sparse[1];
  const input = {
    a: sparse,
    b: Float32Array.of(1, NaN, 0.5),
    c: BigInt64Array.of(1n, 2n, 3n),
    d: ['x', null, 'y'],
  };
  assert.deepEqual(await columnsOf(input), {
    a: [1, null, 3],
    b: [1, NaN, 0.5],
    c: [1n, 2n, 3n],
    d: ['x', null, 'y'],
  });
});

test('gives chunks of all rows, and says how many there are', async () => {
  const rows = 2 * chunkRows + 1;
  const table = tableOf({ n: Float64Array.from({ length: rows }, (_, i) => i) });
  assert.equal(table.rowCount, rows);
  for (let time = 0; time < 2; time++) {
    const sizes: number[] = [];
    for await (const chunk of table.chunks()) sizes.push(chunk.rows);
    assert.deepEqual(sizes, [chunkRows, chunkRows, 1]);
  }
});

test('refuses what is no table, with the place', () => {
  refuses([], /people: the table has no rows/);
  refuses({ a: [] }, /the table has no rows/);
  refuses({}, /at least one column/);
  refuses([{}], /at least one column/);
  refuses(undefined, /at least one column/);
  refuses({ a: [1, 2], b: [1] }, /column "b" has 1 values, but "a" has 2/);
  refuses({ a: 'text' }, /column "a" is no array/);
  refuses({ ' ': [1] }, /column 1 of 1 has no name/);
  refuses([{ a: 1 }, [1]], /row 1 is no object/);
  refuses([{ a: 1 }, null], /row 1 is no object/);
  refuses([{ a: 1 }, { a: { b: 1 } }], /row 1, column "a": .* got a value of type object/);
  refuses({ a: [1, [2]] }, /row 1, column "a": .* got an array/);
  refuses({ a: [() => 1] }, /type function/);
});
