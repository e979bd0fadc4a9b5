import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type TableInput, tableOf } from '../data/table/memoryTable.js';
import { UserError } from '../errors.js';
import { type Column, classNames, layoutOf } from './columns.js';
import { TableEncoder } from './encode.js';
import { encodeTable } from './encodeRows.js';
import { fitTable, type TableOptions } from './fit.js';

const fit = (input: TableInput, options: TableOptions = {}) => fitTable(tableOf(input), options);
const repeat = <T>(values: readonly T[], times = 10): T[] =>
  Array.from({ length: times }, () => values).flat();

async function only(input: TableInput, options: TableOptions = {}): Promise<Column> {
  const { schema } = await fit(input, options);
  return schema.columns[0]!;
}

describe('finding out what the columns are', () => {
  it('tells numbers, categories, booleans and dates apart, in text as in typed cells', async () => {
    const { schema } = await fit({
      number: repeat(['1.5', '2', '-3']),
      category: repeat(['a', 'b', 'c']),
      boolean: repeat(['yes', 'no', 'no']),
      date: repeat(['2024-01-01', '2024-01-02', '2024-02-03']),
      binary: repeat([0, 1, 1]),
      typed: repeat([true, false, true]),
      when: repeat([new Date(0), new Date(1e9), new Date(5e10)]),
    });
    const types = Object.fromEntries(schema.columns.map(({ name, type }) => [name, type]));
    assert.deepEqual(types, {
      ...{ number: 'number', category: 'category', boolean: 'boolean', date: 'date' },
      ...{ binary: 'boolean', typed: 'boolean', when: 'date' },
    });
  });

  it('leaves out constants, empty columns and names of rows, and says why', async () => {
    const { schema } = await fit({
      x: Array.from({ length: 60 }, (_, i) => i),
      constant: new Array(60).fill(7),
      empty: new Array(60).fill(null),
      single: new Array(60).fill('only'),
      name: Array.from({ length: 60 }, (_, i) => `row ${i}`),
    });
    assert.deepEqual(
      schema.dropped.map(({ name }) => name),
      ['constant', 'empty', 'single', 'name'],
    );
    for (const { reason } of schema.dropped) assert.ok(reason.length > 10);
  });

  it('leaves out a first column that came without a name and numbers the rows, unless it is asked for', async () => {
    const y = Array.from({ length: 30 }, (_, i) => Math.sin(i));
    const numbered = (cell: (i: number) => number, options: TableOptions = {}) =>
      fitTable({ ...tableOf({ index: y.map((_, i) => String(cell(i))), y }), unnamed: 'index' }, options);
    const left = ({ schema }: Awaited<ReturnType<typeof numbered>>) => schema.dropped.map(({ name }) => name);
    // From 0 as pandas counts, from 1 as R does, and with gaps, where rows were left out.
    for (const cell of [(i: number) => i, (i: number) => i + 1, (i: number) => 3 * i + (i % 2)]) {
      const found = await numbered(cell);
      assert.deepEqual(left(found), ['index']);
      assert.match(found.schema.dropped[0]!.reason, /without a name and numbers the rows; id \(--id index\)/);
    }
    assert.deepEqual(left(await numbered((i) => i, { columns: ['index', 'y'] })), []);
    assert.deepEqual(left(await numbered((i) => (i * 7) % 30)), []);
    assert.match((await numbered((i) => i, { id: 'index' })).schema.dropped[0]!.reason, /names the rows/);
    const named = await fitTable(tableOf({ index: y.map((_, i) => i), y }));
    assert.deepEqual(left(named), []);
  });

  it('leaves out names of rows in small tables as well', async () => {
    const { schema } = await fit({
      x: Array.from({ length: 12 }, (_, i) => i),
      name: Array.from({ length: 12 }, (_, i) => `n${i}`),
    });
    assert.deepEqual(
      schema.dropped.map(({ name }) => name),
      ['name'],
    );
  });

  it('takes a column of numbers with a few damaged cells for numbers, and says so', async () => {
    const cells = [...Array.from({ length: 40 }, (_, i) => String(i)), 'error'];
    const { schema, notes } = await fit({ x: cells });
    assert.equal(schema.columns[0]!.type, 'number');
    assert.ok(schema.columns[0]!.missing);
    assert.match(notes.join(), /1 of 41 values are no numbers \("error"\)/);
  });

  it('reads decimal commas and thousands separators', async () => {
    const commas = await only({ x: repeat(['1,5', '2,25', '1.000,5']) });
    assert.ok(commas.type === 'number' && commas.decimal === ',');
    const thousands = await only({ x: repeat(['1,500', '2,250.5', '7']) });
    assert.ok(thousands.type === 'number' && thousands.decimal === '.');
  });

  it('keeps the low digits of integers beyond 2^53', async () => {
    const column = await only({ x: repeat([9007199254740993n, 9007199254740995n, 9007199254740999n]) });
    assert.ok(column.type === 'number' && column.raw === 'int64');
  });

  it('keeps them beside small ones, which do not narrow its scale', async () => {
    const column = await only({ x: repeat(['9007199254740993', '1', '4503599627370496']) });
    assert.ok(column.type === 'number' && column.raw === 'int64' && column.scaling.type === 'affine');
    assert.ok(column.scaling.scale > 2 ** 50, String(column.scaling.scale));
  });

  it('says of integers beyond 2^63, whose low digits alone differ, what they are', async () => {
    const y = repeat([1, 2, 3, 4], 5);
    for (const x of [
      Array.from({ length: 20 }, (_, i) => String(18446744073709551615n - BigInt(i))),
      Array.from({ length: 20 }, (_, i) => 18446744073709551615n - BigInt(i)),
    ]) {
      const { schema } = await fit({ x, y });
      assert.match(
        schema.dropped[0]!.reason,
        /whole numbers from 18446744073709551596 to 18446744073709551615, .*first 15 digits count, and these hardly differ; subtract/,
      );
    }
    const constant = await fit({ x: repeat(['18446744073709551615'], 20), y });
    assert.equal(constant.schema.dropped[0]!.reason, 'all of its values are 18446744073709551615');
    const wide = await fit({ x: Array.from({ length: 20 }, (_, i) => 10n ** 18n * BigInt(i + 1)), y });
    assert.equal(wide.schema.columns.length, 2);
    assert.match(
      wide.notes.join(),
      /x: whole numbers from 1000000000000000000 to 20000000000000000000, .*15 digits/,
    );
  });

  it('scales as asked, and does not let a wild value decide a robust scale', async () => {
    const values = [...Array.from({ length: 101 }, (_, i) => i), 1e9];
    const robust = await only({ x: values }, { scaling: 'robust' });
    assert.ok(robust.type === 'number' && robust.scaling.type === 'affine' && robust.scaling.scale < 60);
    const range = await only({ x: values }, { scaling: 'min-max' });
    assert.ok(range.type === 'number' && range.scaling.type === 'affine' && range.scaling.scale === 1e9);
    const quantile = await only({ x: values }, { scaling: 'quantile' });
    assert.ok(quantile.type === 'number' && quantile.scaling.type === 'quantile');
  });

  it('does not let wild values decide the scale of numbers, integers and dates, and says so', async () => {
    const usual = Array.from({ length: 200 }, (_, i) => 100 + (i % 50));
    for (const wild of [1e7, 1e80, 1e300, -1e300]) {
      const { schema, notes } = await fit({ x: [...usual, wild] });
      const [x] = schema.columns;
      assert.ok(x!.type === 'number' && x!.scaling.type === 'affine');
      assert.ok(x!.scaling.scale > 10 && x!.scaling.scale < 20, `${wild}: ${x!.scaling.scale}`);
      assert.match(notes.join(), /as far from the others/);
    }
    const identifiers = [...usual.map(BigInt), 2n ** 60n];
    const whole = await only({ x: identifiers });
    assert.ok(whole.type === 'number' && whole.raw === 'int64' && whole.scaling.type === 'affine');
    assert.ok(whole.scaling.scale < 20);
    const days = usual.map((day) => new Date(day * 86_400_000));
    const date = await only({ when: [...days, new Date('9999-12-31')] });
    assert.ok(date.type === 'date' && date.scale < 20 * 86_400);
  });

  it('takes numbers of any size, down to the least and up to the largest of doubles', async () => {
    for (const size of [1e-320, 1e-200, 1e-150, 1e145, 1e200, 1e306]) {
      const x = Array.from({ length: 60 }, (_, i) => size * (1 + (i % 7) / 3));
      for (const scaling of ['standard', 'robust', 'min-max', 'quantile'] as const) {
        const column = await only({ x }, { scaling });
        assert.ok(column.type === 'number', `${size}, ${scaling}`);
        if (scaling === 'quantile' && column.scaling.type === 'quantile') continue;
        assert.ok(column.scaling.type === 'affine');
        const { center, scale } = column.scaling;
        assert.ok(scale > size / 4 && scale < 4 * size, `${size}, ${scaling}: ${scale}`);
        assert.ok(Number(center) >= size * 0.99 && Number(center) <= 3.01 * size, `${size}: ${center}`);
      }
    }
    const least = await only({ x: repeat([5e-324, 1e-323]) });
    assert.ok(least.type === 'number' && least.scaling.type === 'affine' && least.scaling.scale > 0);
  });

  it('takes numbers that are mostly zero for what they are', async () => {
    const { schema, notes } = await fit({
      x: Array.from({ length: 1000 }, (_, i) => (i % 100 === 0 ? i / 50 : 0)),
    });
    const [x] = schema.columns;
    assert.ok(x!.type === 'number' && x!.scaling.type === 'affine' && x!.scaling.scale > 0.5);
    assert.deepEqual(notes, []);
  });

  it('takes texts as they are: blanks around them make others', async () => {
    const column = await only({ colour: repeat(['red', ' red', 'red ', ' NA ']) });
    assert.ok(column.type === 'category' && !column.missing);
    assert.deepEqual([...column.classes].sort(), [' NA ', ' red', 'red', 'red ']);
    const number = await only({ x: repeat([' 1.5', '2 ', '3']) });
    assert.ok(number.type === 'number' && !number.missing);
  });

  it('limits the classes of a category, the rare ones sharing one', async () => {
    const cells = Array.from({ length: 400 }, (_, i) => (i % 4 === 0 ? `rare ${i}` : `c${i % 3}`));
    const column = await only({ city: cells }, { categorical: ['city'], maxClasses: 10 });
    assert.ok(column.type === 'category');
    assert.deepEqual(column.classes.slice(0, 3).sort(), ['c0', 'c1', 'c2']);
    assert.equal(column.rare.length, 100);
    assert.ok(column.classes.length <= 10);
  });

  it('tells frequent values apart behind more than 10,000 others, and takes no value for unseen then', async () => {
    const own = Array.from({ length: 11_000 }, (_, i) => `own ${i}`);
    const common = new Array<string>(13_000).fill('common');
    const found = await Promise.all(
      [
        [...own, ...common],
        [...common, ...own],
        common.flatMap((text, i) => [text, ...own.slice(i, i + 1)]),
      ].map(async (x) => {
        const { schema, notes } = await fit({ x }, { categorical: ['x'] });
        assert.deepEqual(notes, [
          'x: of more than 10000 values the 1 most frequent are told apart, the others share a class',
        ]);
        const encoder = new TableEncoder(schema);
        const given = tableOf({ x: ['common', 'own 3', 'new', null] });
        const { data } = await encodeTable(given, encoder);
        assert.deepEqual([...data], [0, 1, 1, Number.NaN]);
        const training = await encodeTable(tableOf({ x }), new TableEncoder(schema));
        assert.equal(training.notes, undefined);
        return schema.columns;
      }),
    );
    for (const columns of found) {
      assert.deepEqual(columns, found[0]);
      assert.deepEqual(classNames(columns[0] as Column & { type: 'category' }), [
        ...['common', '(rare)', '(unseen)'],
      ]);
      assert.deepEqual(layoutOf(columns).rare, [0]);
    }
  });

  it('takes a column whose name every object knows for what it holds, whatever types others have', async () => {
    const names = ['toString', 'valueOf', 'constructor', '__proto__', 'hasOwnProperty'];
    const x = repeat([1.5, 2, -3]);
    const { schema } = await fit(Object.fromEntries([...names, 'x'].map((name) => [name, x])), {
      types: { x: 'number' },
    });
    assert.deepEqual(
      schema.columns.map(({ name, type }) => [name, type]),
      [...names, 'x'].map((name) => [name, 'number']),
    );
    const asked = await only({ toString: x, x }, { types: { toString: 'category' as const } });
    assert.equal(asked.type, 'category');
  });

  it('learns from the training part alone', async () => {
    const table = tableOf({ x: [1, 2, 3, 1000], c: ['a', 'b', 'a', 'z'] });
    const { schema, rows } = await fitTable(table, {}, (row) => row < 3);
    assert.equal(rows, 3);
    const [x, c] = schema.columns;
    assert.ok(x!.type === 'number' && x!.scaling.type === 'affine' && x!.scaling.center === 2);
    assert.ok(c!.type === 'category' && !c!.classes.includes('z'));
  });

  it('says what is wrong with options and tables', async () => {
    const table = { x: [1, 2, 3], label: [0, 1, 0] };
    await assert.rejects(fit(table, { label: 'y' }), /no column "y"; its columns are x, label/);
    await assert.rejects(
      fit({ x: [1, 1] }),
      /no column is left to learn from: x \(all of its values are 1\)/,
    );
    await assert.rejects(fit({ x: ['a', 'b'] }, { types: { x: 'number' } }), /is to be a number, but none/);
    await assert.rejects(fit(table, { columns: [] }), UserError);
  });
});
