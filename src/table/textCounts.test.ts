import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Random } from '../random/random.js';
import { countedTexts, TextCounts } from './textCounts.js';

function countsOf(texts: readonly string[], sketched = true): TextCounts {
  const found = new TextCounts(sketched);
  for (const text of texts) if (found.counting) found.add(text);
  return found;
}

const unique = (count: number) => Array.from({ length: count }, (_, i) => `own ${i}`);

describe('counts of texts', () => {
  it('are exact while there is room', () => {
    const { counts, overflow } = countsOf(['a', 'b', 'a', ...unique(countedTexts - 2)]);
    assert.deepEqual([counts.get('a'), counts.get('b'), counts.size, overflow], [2, 1, countedTexts, false]);
  });

  it('keep what is frequent wherever it stands, in bounded room, and lose little of it', () => {
    const frequent = ['x', 'y', 'z'].flatMap((text, i) => Array<string>(200 * (i + 1)).fill(text));
    const rare = unique(50_000);
    const mixed = [...frequent, ...rare];
    const random = new Random(0, 'texts');
    for (let i = mixed.length - 1; i > 0; i--) {
      const other = Math.floor(random.uniform() * (i + 1));
      [mixed[i], mixed[other]] = [mixed[other]!, mixed[i]!];
    }
    for (const texts of [[...rare, ...frequent], [...frequent, ...rare], mixed]) {
      const { counts, overflow } = countsOf(texts);
      assert.ok(overflow && counts.size <= countedTexts);
      ['x', 'y', 'z'].forEach((text, i) => {
        const count = counts.get(text)!;
        const most = 200 * (i + 1);
        assert.ok(count <= most && count >= most - texts.length / countedTexts, `${text}: ${count}`);
      });
    }
  });

  it('of what is no category end with the first texts that there is room for', () => {
    const { counts, counting, overflow } = countsOf(unique(countedTexts + 5), false);
    assert.deepEqual([counts.size, counting, overflow], [countedTexts, false, true]);
    assert.equal(counts.get('own 0'), 1);
  });
});
