import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type TableInput, tableOf } from '../data/table/memoryTable.js';
import type { Cell, DecimalMark } from '../data/table/table.js';
import { UserError } from '../errors.js';
import { TableEncoder } from './encode.js';
import { fitTable } from './fit.js';

const rows = 40;
const cells = (cell: (i: number) => Cell): Cell[] => Array.from({ length: rows }, (_, i) => cell(i));

async function fit(input: TableInput, decimal?: DecimalMark) {
  const { schema, notes } = await fitTable({ ...tableOf(input), ...(decimal && { decimal }) });
  const marks = Object.fromEntries(
    schema.columns.map((column) => [column.name, column.type === 'number' ? column.decimal : column.type]),
  );
  return { schema, marks, notes: notes.join('\n') };
}

/** What a column of one value is read as, as a model reads it that was trained on another one. */
async function reads(training: TableInput, text: string, decimal?: DecimalMark, others: Cell[] = []) {
  const { schema } = await fit(training);
  const encoder = new TableEncoder(schema);
  const table = { ...tableOf({ x: [text, ...others] }), ...(decimal && { decimal }) };
  const places = encoder.locate(table);
  const [x] = schema.columns;
  assert.ok(x!.type === 'number' && x!.scaling.type === 'affine');
  const { center, scale } = x!.scaling;
  for await (const chunk of table.chunks()) {
    const value = encoder.encode(chunk, places, 'new.csv')[0]!;
    const size = Math.abs(value);
    const standard = size <= 5 ? value : Math.sign(value) * (5 + Math.expm1(size - 5));
    return { value: standard * scale + Number(center), notes: encoder.notes().join('\n') };
  }
  throw new Error('no rows');
}

const near = (value: number, expected: number) =>
  assert.ok(Math.abs(value - expected) < 1e-3 * Math.abs(expected), `${value} and ${expected}`);

describe('the decimal mark of a file', () => {
  it('is shown by one column for those in which marks can be either', async () => {
    const y = cells((i) => `${i + 1},779`);
    const { marks, notes } = await fit({ y, x: cells((i) => `${i},07`) });
    assert.deepEqual([marks, notes], [{ y: ',', x: ',' }, '']);
    const points = await fit({ y, x: cells((i) => `${i}.07`) });
    assert.deepEqual(points.marks, { y: '.', x: '.' });
    assert.match(
      points.notes,
      /^y: commas are taken for separators of thousands, since x has decimal points: 1,779 is 1779;/,
    );
  });

  it('is shown by decimals behind thousands that blanks or apostrophes separate', async () => {
    for (const blank of [' ', '\u00a0', '\u202f', "'", '’']) {
      const x = cells((i) => (i % 2 ? `${i}${blank}234,50` : String(100 + i)));
      const { marks, notes, schema } = await fit({ x, y: cells((i) => `${i + 1},779`) });
      assert.deepEqual([marks, notes], [{ x: ',', y: ',' }, '']);
      assert.ok(schema.columns[0]!.type === 'number' && !schema.columns[0]!.missing);
      near((await reads({ x }, `20${blank}234,50`)).value, 20_234.5);
    }
    const indian = await fit({ x: cells((i) => `${i + 1},23,000`), y: cells((i) => `1,${100 + i}`) });
    assert.deepEqual(indian.marks, { x: '.', y: '.' });
  });

  it('is of no matter where blanks separate thousands, and that they are taken for numbers is said', async () => {
    const x = cells((i) => `664 123 ${100 + i}`);
    const { schema, notes } = await fit({ x });
    assert.ok(schema.columns[0]!.type === 'number');
    assert.match(
      notes,
      /^x: blanks are taken for separators of thousands: 664 123 100 is 664123100; .*--categorical/,
    );
    assert.equal((await fit({ x: cells((i) => `1'${100 + i}`) })).notes, '');
  });

  it('is found in rows far down as well, and in those that are set aside', async () => {
    const long = (cell: (i: number) => string) => Array.from({ length: 5000 }, (_, i) => cell(i));
    const table = tableOf({
      y: long((i) => `${1 + (i % 9)},${779 + (i % 200)}`),
      x: long((i) => (i < 4900 ? String(i) : `${i},5`)),
    });
    for (const used of [() => true, (row: number) => row < 4900]) {
      const { schema } = await fitTable(table, {}, used);
      const [y, x] = schema.columns;
      assert.ok(y!.type === 'number' && y!.decimal === ',' && y!.scaling.type === 'affine');
      assert.ok(Number(y!.scaling.center) < 10 && x!.type === 'number' && !x!.missing);
      const encoder = new TableEncoder(schema);
      const places = encoder.locate(table);
      for await (const chunk of table.chunks()) {
        assert.ok(encoder.encode(chunk, places, 'same').every((value) => Math.abs(value) < 3));
      }
    }
  });

  it('may differ between the numbers of a column, unless one can be either', async () => {
    const { schema } = await fit({ x: cells((i) => (i % 9 === 0 ? `${i},5` : `${i}.5`)) });
    const [x] = schema.columns;
    assert.ok(x!.type === 'number' && !x!.missing && x!.scaling.type === 'affine');
    near(Number(x!.scaling.center), 20);
    await assert.rejects(
      fit({ x: cells((i) => (i === 9 ? '1,234' : i % 9 === 0 ? `${i},5` : `${i}.5`)) }),
      /column "x" has numbers with decimal points \(1\.5\) and with decimal commas \(0,5\), so that 1,234 can be 1234 or 1\.234; .*`decimal: '.'`/,
    );
  });

  it('is its own for a column that shows another one than the others, and that is said', async () => {
    const { marks, notes } = await fit({ x: cells((i) => `${i},07`), y: cells((i) => `${i}.07`) });
    assert.deepEqual(marks, { x: ',', y: '.' });
    assert.match(notes, /decimal marks differ: y \(0\.07\) and x \(0,07\); each column is read by its own/);
  });

  it('is what was said, where it was', async () => {
    const y = cells((i) => `${i + 1},779`);
    assert.deepEqual(await fit({ y }, ',').then(({ marks, notes }) => [marks, notes]), [{ y: ',' }, '']);
    assert.deepEqual((await fit({ y: cells((i) => `${i + 1}.779`) }, ',')).marks, { y: ',' });
  });

  it('is a point where nothing shows it, and that is said with what to do', async () => {
    const commas = await fit({ y: cells((i) => `${i + 1},500`) });
    assert.match(
      commas.notes,
      /^y: commas are taken for separators of thousands: 1,500 is 1500; where they are decimal commas, give `decimal: ','`/,
    );
    const points = await fit({ y: cells((i) => `${i + 1}.500`) });
    assert.match(
      points.notes,
      /^y: points are taken for decimal points: 1\.500 is 1\.5; .* give `decimal: ','`/,
    );
    assert.equal((await fit({ y: cells((i) => `${i + 1},500,000`) })).notes, '');
    assert.equal((await fit({ y: cells((i) => `${i % 3},125`) })).notes, '');
  });

  it('stands before no group of three behind a zero', async () => {
    const { schema } = await fit({ x: cells((i) => `0.${100 + i}`), y: cells((i) => `${i},5`) });
    const [x] = schema.columns;
    assert.ok(
      x!.type === 'number' && x!.decimal === '.' && x!.scaling.type === 'affine' && x!.scaling.scale < 1,
    );
  });
});

describe('a number in a table that is not the one of training', () => {
  const commas = { x: cells((i) => `${i},07`) };
  const points = { x: cells((i) => `${i}.07`) };

  it('is refused where it can be read in two ways and training had no such separator', async () => {
    for (const [training, text, readings] of [
      [commas, '6.288', '6288 or 6.288'],
      [points, '6,288', '6288 or 6.288'],
      [{ x: cells((i) => i) }, '6,288', '6288 or 6.288'],
    ] as const) {
      for (const others of [[], ['1', '2']]) {
        await assert.rejects(reads(training, text, undefined, others), (error) => {
          assert.ok(error instanceof UserError);
          assert.match(
            error.message,
            new RegExp(`^new.csv: row 1, column "x": ${text} can be ${readings}, and neither training nor `),
          );
          assert.match(
            error.message,
            /write numbers without separators of thousands .*: give `decimal: '\.'` or `decimal: ','`/,
          );
          return true;
        });
      }
    }
  });

  it('is read as training has shown, or as was said', async () => {
    near((await reads({ x: cells((i) => `1.${100 + i},5`) }, '6.288')).value, 6288);
    near((await reads({ x: cells((i) => `${i + 1},288`) }, '6,288')).value, 6288);
    near((await reads(commas, '6.288', '.')).value, 6.288);
    near((await reads(commas, '6.288', ',')).value, 6288);
    near((await reads(points, '6.288')).value, 6.288);
  });

  it('is read as its own table shows, where that is certain', async () => {
    near((await reads(commas, '6.288', undefined, ['6.28'])).value, 6.288);
    near((await reads(points, '6,288', undefined, ['6,28'])).value, 6.288);
    near((await reads(points, '6,288', undefined, ['6,288,000'])).value, 6288);
    near((await reads({ x: cells((i) => `1.${100 + i},5`) }, '6.288', undefined, ['6.28'])).value, 6.288);
    near((await reads({ x: cells((i) => `${i + 1},234`) }, '2,07')).value, 2.07);
    near((await reads(commas, '31710.0404')).value, 31710.0404);
  });

  it('is refused where its own table says both', async () => {
    await assert.rejects(
      reads(commas, '1', undefined, ['2,5', '3,5', '4,123', '3.14']),
      /^UserError: new\.csv: row 4, column "x": 4,123 can be 4\.123 or 4123, and 3\.14 has a decimal point, others decimal commas;/,
    );
  });

  it('has a decimal point where training had no text, and that is said unless the table shows it', async () => {
    const typed = { x: cells((i) => i) };
    const alone = await reads(typed, '6.288');
    near(alone.value, 6.288);
    assert.match(
      alone.notes,
      /column "x": the value 6\.288 is read with a decimal point, of which training had none/,
    );
    assert.equal((await reads(typed, '6.288', undefined, ['6.2'])).notes, '');
  });
});
