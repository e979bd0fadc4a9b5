import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { tableOf } from '../data/table/memoryTable.js';
import type { Cell } from '../data/table/table.js';
import { TableEncoder } from './encode.js';
import { fitTable, type TableOptions } from './fit.js';

const rows = 60;
const other = Array.from({ length: rows }, (_, i) => i);
const cells = (cell: (i: number) => Cell): Cell[] => other.map(cell);

/** What becomes of a column, and what is said of it. */
async function found(x: Cell[], options: TableOptions = {}) {
  const { schema, notes } = await fitTable(tableOf({ x, other }), options);
  const column = schema.columns.find(({ name }) => name === 'x');
  const reason = schema.dropped.find(({ name }) => name === 'x')?.reason;
  return { schema, column, reason, notes: notes.join('\n') };
}

describe('a column that is half numbers', () => {
  it('and has many values is left out as such, not as names of rows', async () => {
    const { column, reason } = await found(cells((i) => (i % 2 ? i : `n/k ${i}`)));
    assert.equal(column, undefined);
    assert.match(
      reason!,
      /^30 of 60 values are no numbers \("n\/k 0", "n\/k 2", "n\/k 4", …\).* name the column in categorical/,
    );
    const asked = await found(
      cells((i) => (i % 2 ? i % 5 : `n/k ${i}`)),
      { categorical: ['x'] },
    );
    assert.equal(asked.column!.type, 'category');
  });

  it('and has few values is a category, and that is said', async () => {
    const { column, notes } = await found(cells((i) => (i % 2 ? i % 5 : 'unknown')));
    assert.equal(column!.type, 'category');
    assert.match(notes, /^x: taken for a category: 30 of 60 values are no numbers \("unknown"\)$/);
    assert.equal((await found(cells((i) => ['a', 'b'][i % 2]!))).notes, '');
  });

  it('or half dates is said to be that', async () => {
    const { reason } = await found(cells((i) => (i % 2 ? new Date(i * 1e9) : `soon ${i}`)));
    assert.match(reason!, /^30 of 60 values are no dates \("soon 0"/);
    const damaged = await found(cells((i) => (i === 9 ? 'soon' : new Date(i * 1e9))));
    assert.match(damaged.notes, /1 of 60 values are no dates \("soon"\) and count as missing/);
  });

  it('is still names of rows where there are none', async () => {
    assert.match((await found(cells((i) => `row ${i}`))).reason!, /as names and numbers of rows have/);
  });
});

describe('truths', () => {
  it('are booleans in any mixture of spellings, and are written as they most often were', async () => {
    const spelt = ['true', 'TRUE', 'True', 'true', 'false', 'FALSE', 'FALSE'];
    const { column, schema } = await found(cells((i) => spelt[i % 7]!));
    assert.ok(column?.type === 'boolean');
    assert.deepEqual(column.labels, ['FALSE', 'true']);
    const encoder = new TableEncoder(schema);
    const table = tableOf({ x: ['True', 'False', 'false', 'TRUE'], other: [0, 0, 0, 0] });
    for await (const chunk of table.chunks()) {
      const encoded = encoder.encode(chunk, encoder.locate(table), 'test');
      assert.deepEqual(
        [0, 1, 2, 3].map((row) => encoded[row * encoder.width + 1]),
        [1, 0, 0, 1],
      );
    }
  });

  it('that are all the same are constant, however they are spelt', async () => {
    assert.match((await found(cells((i) => ['yes', 'YES'][i % 2]!))).reason!, /all of its values are "yes"/);
  });
});

describe('spellings that are not read', () => {
  const day = (i: number) => String(1 + (i % 28)).padStart(2, '0');

  it('of dates: what to write is said', async () => {
    for (const text of [
      (i: number) => `${day(i)}/03/${1960 + i}`,
      (i: number) => `03/${day(i)}/${1960 + i}`,
      (i: number) => `${day(i)}.3.${10 + i} 12:30`,
      (i: number) => `${1960 + i}-1-${1 + (i % 9)}`,
      (i: number) => `${1960 + i}/1/${day(i)} 10:00`,
      (i: number) => `${1960 + i}.01.${day(i)}`,
      (i: number) => `${1 + (i % 28)} Jan ${1960 + i}`,
      (i: number) => `Mon, ${day(i)} September ${1960 + i} 10:00:00 GMT`,
      (i: number) => `May ${1 + (i % 28)}, ${1960 + i}`,
      (i: number) => `${1960 + i}01${day(i)}T100000Z`,
      (i: number) => `${1960 + i}-01-${day(i)} 10:00:00 Europe/Vienna`,
    ]) {
      const { reason } = await found(cells(text));
      assert.match(reason!, /looks like a date, and dates are read as 2026-01-31 .*; write them so/);
    }
    const some = await found(cells((i) => (i === 7 ? '2026-1-5' : `${1960 + i}-01-${day(i)}`)));
    assert.equal(some.column!.type, 'date');
    assert.match(
      some.notes,
      /1 of 60 values are no dates .*; "2026-1-5" looks like a date, and dates are read as/,
    );
    const few = await found(cells((i) => `0${1 + (i % 4)}/03/2024`));
    assert.equal(few.column!.type, 'category');
    assert.match(few.notes, /taken for a category: "01\/03\/2024" looks like a date/);
  });

  it('of money and percentages: what they were taken for, and what to write, is said', async () => {
    const spelt: [text: (i: number) => string, hint: RegExp][] = [
      [(i) => `$${i}.50`, /"\$0\.50" looks like an amount of money, .*; write the number alone to have it/],
      [(i) => `-1.${100 + i},00 €`, /"-1\.100,00 €" looks like an amount of money/],
      [(i) => `EUR ${i}`, /"EUR 0" looks like an amount of money/],
      [(i) => `($${1 + i})`, /"\(\$1\)" looks like an amount of money/],
      [(i) => `${i}%`, /"0%" looks like a percentage, .*; write the number alone to have it taken for one/],
      [(i) => `(${1 + i}.50)`, /"\(1\.50\)" looks like a number below 0, .*; write -1\.50 to have it/],
      [(i) => `${i}kg`, /"0kg" looks like a number with a unit, .*; write the number alone to have it/],
      [(i) => `${i}.5 km/h`, /"0\.5 km\/h" looks like a number with a unit/],
      [(i) => `${i},5 %`, /"0,5 %" looks like a percentage/],
    ];
    for (const [text, hint] of spelt) {
      assert.match((await found(cells(text))).reason!, hint);
      const few = await found(cells((i) => text(i % 4)));
      assert.equal(few.column!.type, 'category');
      assert.match(few.notes, new RegExp(`taken for a category: ${hint.source}`));
    }
    // Numbers of houses.
    assert.equal((await found(cells((i) => `${i % 4}${'abc'[i % 3]}`))).notes, '');
  });
});
