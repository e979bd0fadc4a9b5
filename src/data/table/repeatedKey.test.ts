import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { jsonLinesTable } from './jsonLines.js';
import { repeatedKey } from './repeatedKey.js';

const root = mkdtempSync(join(tmpdir(), 'autoencoder-keys-'));
after(() => rmSync(root, { recursive: true }));

test('finds a key that stands twice in one object', () => {
  assert.equal(repeatedKey('{"a":1,"b":2,"a":3}'), 'a');
  assert.equal(repeatedKey('{"o":{"x":1, "x" :2}}'), 'x');
  assert.equal(repeatedKey('{"\\u0061":1,"a":2}'), 'a');
  for (const text of ['{"a":{"a":1},"b":{"a":"a"}}', '{"a":"\\"a\\":","b":[{"a":1},{"a":2}]}', '{}', '[]']) {
    assert.equal(repeatedKey(text), undefined, text);
  }
});

test('finds none in what JSON.stringify writes', () => {
  fc.assert(fc.property(fc.json(), (text) => assert.equal(repeatedKey(text), undefined)));
});

test('a row with a key that stands twice is refused, with its line', async () => {
  const path = join(root, 'twice.jsonl');
  writeFileSync(path, '{"a":1,"b":2}\n{"a":1,"b":2,"a":3}\n');
  const message =
    /twice\.jsonl, line 2: the key "a" stands twice, and all but one of its values would be lost/;
  await assert.rejects(jsonLinesTable(path), message);
});
