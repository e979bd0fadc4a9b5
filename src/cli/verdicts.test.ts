import assert from 'node:assert/strict';
import { test } from 'node:test';
import { columnsOf, reasonText } from './verdicts.js';

const reason = { column: 'huge', given: -Number.MAX_VALUE, expected: Number.MAX_VALUE, share: 1 };

test('the largest numbers stay numbers when they are rounded', () => {
  const text = 'huge -1.7976931348623157e+308 (expected 1.7976931348623157e+308)';
  assert.equal(reasonText(reason), text);
  const odd = { row: 0, id: '0', score: 1, pValue: 0, anomaly: true, reasons: [reason] };
  assert.deepEqual(columnsOf([odd], false).slice(4, 7), [
    ...[['huge'], ['-1.7976931348623157e+308'], ['1.7976931348623157e+308']],
  ]);
  assert.equal(
    reasonText({ ...reason, given: Infinity, expected: 1.23456 }),
    'huge Infinity (expected 1.235)',
  );
});
