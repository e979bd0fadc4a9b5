import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { dateText, isMissing, parseBoolean, parseDate, parseInteger, parseNumber } from './values.js';

describe('the meaning of cells', () => {
  it('knows the ways in which people write that a value is missing', () => {
    for (const text of ['', 'NA', 'nUlL', 'n/a', 'null', 'NULL', 'None', '-', '?', 'NaN', '#N/A'])
      assert.ok(isMissing(text), JSON.stringify(text));
    for (const cell of [null, Number.NaN, new Date(Number.NaN)]) assert.ok(isMissing(cell));
    for (const cell of [' ', ' NA ', '0', 'nano', '--', 0, false, 0n, 'Nana'])
      assert.ok(!isMissing(cell), String(cell));
  });

  it('reads plain numbers, and nothing else as one', () => {
    const numbers = {
      '1': 1,
      '-1.5': -1.5,
      ' 2e3 ': 2000,
      '.5': 0.5,
      '5.': 5,
      '+7': 7,
      Infinity: Infinity,
      '-inf': -Infinity,
    };
    for (const [text, value] of Object.entries(numbers)) assert.equal(parseNumber(text), value, text);
    for (const text of ['', '1,5', '1 2', '0x10', '1e', 'one', '1.2.3', '--1'])
      assert.equal(parseNumber(text), undefined, text);
  });

  it('reads thousands separators and decimal commas where the column has them', () => {
    assert.equal(parseNumber('1,234,567.5', '.'), 1234567.5);
    assert.equal(parseNumber('12.5', '.'), 12.5);
    assert.equal(parseNumber('1,23', '.'), 1.23);
    assert.equal(parseNumber('1,234', '.'), 1234);
    assert.equal(parseNumber('1,234', ','), 1.234);
    assert.equal(parseNumber('1.234.567'), undefined);
    assert.equal(parseNumber('1,5e-3', ','), 0.0015);
    assert.equal(parseNumber('0.125', ','), 0.125);
    assert.equal(parseNumber('1.234,5', ','), 1234.5);
    assert.equal(parseNumber('3,14', ','), 3.14);
    assert.equal(parseNumber('-7', ','), -7);
  });

  it('reads thousands that blanks, apostrophes or the commas of India separate', () => {
    for (const decimal of ['.', ','] as const) {
      for (const blank of [' ', '\u00a0', '\u202f', '\u2009', "'", '’']) {
        assert.equal(parseNumber(`1${blank}234`, decimal), 1234);
        assert.equal(parseNumber(`-12${blank}345${blank}678,5`, decimal), -12345678.5);
        assert.equal(parseNumber(`1${blank}234,567`, decimal), 1234.567);
        assert.equal(parseNumber(`1${blank}234.50`, decimal), 1234.5);
      }
      assert.equal(parseNumber('1,23,000', decimal), 123_000);
      assert.equal(parseNumber('12,34,56,789.25', decimal), 123_456_789.25);
      for (const text of [
        '1 23',
        '0 123',
        '1 234 56',
        "1 234'567",
        '12 34',
        '1  234',
        '1,2,345',
        '1.23.000',
        '1 234,567.5',
      ])
        assert.equal(parseNumber(text, decimal), undefined, text);
    }
    assert.equal(parseNumber('1 234'), undefined);
    assert.equal(parseInteger('9 007 199 254 740 993'), 9007199254740993n);
    assert.equal(parseInteger("−9'007'199'254'740'993"), -9007199254740993n);
    assert.equal(parseInteger('90,07,19,92,54,74,09,930'), 90071992547409930n);
  });

  it('reads a minus sign in either form', () => {
    for (const [text, value] of [
      ['−1.5', -1.5],
      ['−.5e−3', -0.0005],
      ['−1 234', -1234],
      ['−inf', -Infinity],
      [' −7 ', -7],
    ] as const)
      assert.equal(parseNumber(text, '.'), value, text);
    assert.equal(parseNumber('−2'), -2);
    for (const text of ['−', '−-1', '1−2']) assert.equal(parseNumber(text, '.'), undefined, text);
  });

  it('keeps every digit of an integer', () => {
    assert.equal(parseInteger('9007199254740993'), 9007199254740993n);
    assert.equal(parseInteger('9,007,199,254,740,993'), 9007199254740993n);
    assert.equal(parseInteger('1,234', ','), undefined);
    assert.equal(parseInteger('1.0'), undefined);
  });

  it('reads dates with and without times and zones, and refuses days that do not exist', () => {
    assert.equal(parseDate('1970-01-02'), 86_400);
    assert.equal(parseDate('1970/01/01 00:01'), 60);
    assert.equal(parseDate('1970-01-01T01:00:00+01:00'), 0);
    assert.equal(parseDate('1970-01-01T00:00:01.5Z'), 1.5);
    // As Postgres and Python write zones.
    assert.equal(parseDate('1970-01-01 00:00:01+00'), 1);
    assert.equal(parseDate('1970-01-01 01:00:00.25+01'), 0.25);
    assert.equal(parseDate('1970-01-01 00:00-02'), 7200);
    assert.equal(parseDate('1970-01-01 05:30:00+0530'), 0);
    for (const zone of [' UTC', 'UTC', ' GMT', ' Z'])
      assert.equal(parseDate(`1970-01-01 00:01:00${zone}`), 60);
    for (const text of [
      '2023-02-30',
      '2023-13-01',
      '20230101',
      '1.2.2023',
      '2023-1-1',
      '2023-01-01 10:00 CET',
      '2023-01-01 10+01',
    ])
      assert.equal(parseDate(text), undefined, text);
  });

  it('writes dates that it reads back to the second', () => {
    fc.assert(
      fc.property(fc.integer({ min: -6e10, max: 2.5e11 }), (seconds) => {
        const text = dateText(seconds);
        if (/^\d{4}-/.test(text)) assert.equal(parseDate(text), seconds);
      }),
    );
  });

  it('reads truths', () => {
    assert.equal(parseBoolean('Yes'), true);
    assert.equal(parseBoolean('FALSE'), false);
    assert.equal(parseBoolean('maybe'), undefined);
  });
});
