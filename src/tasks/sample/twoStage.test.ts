import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nodePlatform } from '../../estimator/nodePlatform.js';
import { normal } from '../../random/normal.js';
import { Random } from '../../random/random.js';
import { fitTwoStage } from './twoStage.js';

/** How much y depends on the size of x: the correlation of x² and y in rows (x, y, …). */
function bend(rows: Float32Array, width: number): number {
  const count = rows.length / width;
  const pairs = Array.from(
    { length: count },
    (_, i) => [rows[i * width]! ** 2, rows[i * width + 1]!] as const,
  );
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const [mx, my] = [mean(pairs.map(([x]) => x)), mean(pairs.map(([, y]) => y))];
  const moment = (f: (x: number, y: number) => number) => mean(pairs.map(([x, y]) => f(x - mx, y - my)));
  return moment((x, y) => x * y) / Math.sqrt(moment((x) => x * x) * moment((_, y) => y * y));
}

describe('a second VAE', () => {
  it('learns how codes depend on one another, which their means and deviations do not show', async () => {
    const random = new Random(1, 'bent');
    const codes = Float32Array.from({ length: 4 * 2000 }, () => normal(random));
    for (let i = 0; i < codes.length; i += 4) codes[i + 1] = codes[i]! ** 2 + 0.3 * codes[i + 1]!;
    assert.ok(bend(codes, 4) > 0.95);
    const density = await fitTwoStage(nodePlatform, codes, 4, { seed: 0 });
    const found = bend(await density.draw(4000, new Random(2)), 4);
    assert.ok(found > 0.4, `${found}`);
  });

  it('leaves a constant dimension as it is', async () => {
    const random = new Random(3);
    const codes = Float32Array.from({ length: 300 }, (_, i) => (i % 3 === 1 ? -2.5 : normal(random)));
    const density = await fitTwoStage(nodePlatform, codes, 3, { epochs: 1, seed: 0 });
    const drawn = await density.draw(50, new Random(1));
    assert.ok(drawn.filter((_, i) => i % 3 === 1).every((value) => value === -2.5));
  });
});
