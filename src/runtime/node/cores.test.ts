import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { constant, input } from '../../graph/expr.js';
import { toOnnx } from '../../graph/onnx.js';
import { add } from '../../graph/ops/elementwise.js';
import { threadCount, threadsUnknown } from '../../testing/threads.js';
import { coreCount, cores } from './cores.js';
import { compileTraining, createNodeSession } from './session.js';

const root = mkdtempSync(join(tmpdir(), 'cores-test-'));
after(() => rmSync(root, { recursive: true }));

/** A folder as Linux has it: for each processor, those that share its core; `null` for one that is switched off. */
function processors(siblings: readonly (string | null)[]): string {
  const folder = mkdtempSync(join(root, 'cpu-'));
  siblings.forEach((list, i) => {
    mkdirSync(join(folder, `cpu${i}`));
    if (list === null) return;
    mkdirSync(join(folder, `cpu${i}`, 'topology'));
    writeFileSync(join(folder, `cpu${i}`, 'topology', 'thread_siblings_list'), `${list}\n`);
  });
  mkdirSync(join(folder, 'cpufreq'));
  return folder;
}

test('hardware threads of one core count once', () => {
  assert.equal(coreCount(processors(['0-1', '0-1'])), 1);
});

test('never more cores are counted than this process may use', () => {
  const many = Array.from({ length: 512 }, (_, i) => String(i));
  assert.equal(coreCount(processors(many)), availableParallelism());
});

test('processors that are switched off do not count', () => {
  assert.equal(coreCount(processors(['0', null, null])), 1);
});

test('where the system does not say, nothing is assumed', () => {
  assert.equal(coreCount(join(processors([]), 'nowhere')), undefined);
  assert.equal(coreCount(processors([null])), undefined);
});

test('what cannot be read is no reason to fail', () => {
  const folder = processors(['0', '1']);
  mkdirSync(join(folder, 'cpu2', 'topology', 'thread_siblings_list'), { recursive: true });
  assert.equal(coreCount(folder), Math.min(2, availableParallelism()));
  assert.equal(coreCount(fileURLToPath(import.meta.url)), undefined);
});

for (const [what, create] of Object.entries({ training: compileTraining, inference: createNodeSession })) {
  test(`a session for ${what} has a thread for every core`, { skip: threadsUnknown }, async () => {
    const model = toOnnx({ name: 'sum', outputs: { y: add(input('x', [2]), constant(1)) } });
    // Threads that Node and ONNX Runtime start only once are there after a first session.
    await (await compileTraining(model, 1)).release();
    const before = threadCount();
    const session = await create(model);
    assert.equal(threadCount() - before, cores! - 1);
    await session.release();
  });
}
