import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as ort from 'onnxruntime-node';
import { npzTable } from '../../data/table/numpyTable.js';
import {
  type Cell,
  detectionFigures,
  detector,
  loadDetector,
  type TableInput,
  UserError,
} from '../../index.js';
import { fillNoise } from '../../random/fill.js';
import { Random } from '../../random/random.js';

const folder = mkdtempSync(join(tmpdir(), 'autoencoder-detector-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Few networks and steps: the rules are tested, not the quality. */
const quick = { networks: 4, steps: 100 } as const;

/** Normal rows: three columns of which the third follows from the first two, and a category that goes with the first. */
function rows(count: number, seed: number): Record<string, Cell>[] {
  const noise = new Float32Array(3 * count);
  fillNoise(noise, 'normal', new Random(seed, 'rows'));
  return Array.from({ length: count }, (_, i) => {
    const [a, b, rest] = noise.subarray(3 * i, 3 * i + 3);
    return { a: a!, b: b!, sum: a! + b! + 0.1 * rest!, sign: a! > 0 ? 'plus' : 'minus' };
  });
}

const share = (verdicts: Uint8Array) => verdicts.reduce((a, b) => a + b, 0) / verdicts.length;

describe('a detector', () => {
  it('gives the same rows the same scores, whichever rows stand beside them', async () => {
    const judge = await detector(quick).fit(rows(300, 1));
    const fresh = rows(50, 2);
    const all = await judge.score(fresh);
    assert.deepEqual(await judge.score(fresh), all);
    const some = await judge.score(fresh.slice(20, 30));
    some.forEach((score, i) => {
      assert.ok(Math.abs(score - all[20 + i]!) < 1e-5);
    });
  });

  it('is the same for the same seed, and another for another', async () => {
    const scores = async (seed: number) =>
      (await detector({ ...quick, seed }).fit(rows(100, 1))).score(rows(20, 2));
    assert.deepEqual(await scores(1), await scores(1));
    assert.notDeepEqual(await scores(1), await scores(2));
  });

  it('finds the row that breaks the rule, and names the columns that do not fit', async () => {
    const judge = await detector({ networks: 8 }).fit(rows(500, 1));
    const odd = [
      ...rows(100, 2),
      { a: 1, b: 1, sum: -3, sign: 'plus' },
      { a: 1.5, b: 0, sum: 1.5, sign: 'minus' },
    ];
    const found = await judge.explain(odd);
    const rank = (row: number) => found.filter(({ score }) => score > found[row]!.score).length;
    assert.equal(rank(100), 0);
    // A category alone that does not fit is about as odd as the outermost of a hundred normal rows.
    assert.ok(rank(101) < 5, `${rank(101)}`);
    assert.equal(found[100]!.reasons[0]!.column, 'sum');
    assert.equal(found[100]!.reasons[0]!.given, -3);
    assert.ok(Number(found[100]!.reasons[0]!.expected) > -1);
    assert.deepEqual(
      found[101]!.reasons.slice(0, 1).map(({ column, given, expected }) => [column, given, expected]),
      [['sign', 'minus', 'plus']],
    );
  });

  it('flags about as many fresh rows as the contamination says, since its threshold is set on held-out rows', async () => {
    for (const seed of [1, 2, 3]) {
      const judge = await detector({ contamination: 0.1, seed }).fit(rows(200, seed));
      const flagged = share(await judge.predict(rows(2000, 100 + seed)));
      // PyOD's autoencoder flags 17 % here.
      assert.ok(flagged > 0.04 && flagged < 0.145, `${flagged}`);
    }
  });

  it('gives p-values that are uniform on fresh rows', async () => {
    const judge = await detector({ networks: 8 }).fit(rows(1000, 1));
    const found = await judge.explain(rows(2000, 2));
    for (const level of [0.05, 0.2, 0.5]) {
      const below = found.filter(({ pValue }) => pValue <= level).length / found.length;
      assert.ok(Math.abs(below - level) < 0.25 * level + 0.02, `${below} below ${level}`);
    }
  });

  it('does not heed a column that was constant in training', async () => {
    const data = rows(200, 1).map((row) => ({ ...row, constant: 1 }));
    const judge = await detector(quick).fit(data);
    const moved = data.map((row) => ({ ...row, constant: 1.001 }));
    assert.deepEqual(await judge.score(moved), await judge.score(data));
  });

  it('takes fewer rows than a batch', async () => {
    for (const count of [2, 3, 9, 10, 129]) {
      const scores = await (await detector(quick).fit(rows(count, 1))).score(rows(5, 2));
      assert.ok(scores.every(Number.isFinite), String(count));
    }
  });

  it('takes missing values, unseen categories and infinities, and never answers NaN', async () => {
    const data = rows(300, 1).map((row, i) => (i % 7 === 0 ? { ...row, b: null } : row));
    const judge = await detector(quick).fit(data);
    const strange: TableInput = [
      { a: null, b: null, sum: null, sign: null },
      { a: Infinity, b: -Infinity, sum: 1e300, sign: 'never seen' },
      { a: 0.1, b: Number.NaN, sum: 0.2, sign: 'plus' },
      { a: 0.1, b: 0, sum: 0.1, sign: 'never seen' },
    ];
    const [, wild, , unseen] = await judge.score(strange);
    for (const score of await judge.score(strange)) assert.ok(Number.isFinite(score));
    const typical = await judge.score([{ a: 0.1, b: 0, sum: 0.1, sign: 'plus' }]);
    assert.ok(wild! > judge.calibration.scores.at(-1)!);
    assert.ok(unseen! > typical[0]!);
  });

  it('does not let one wild column drown the others', async () => {
    const judge = await detector(quick).fit(rows(300, 1));
    const [wild] = await judge.score([{ a: 1e12, b: 0, sum: 0, sign: 'plus' }]);
    const most = judge.calibration.scores.at(-1)!;
    assert.ok(wild! > most && wild! < 10 * most, `${wild}, and ${most} at most in training`);
  });

  it('keeps its scores to a size that means something where most rows are alike', async () => {
    const random = new Random(3, 'sparse');
    const few = () => (random.uniform() < 0.9 ? 0 : 1 + random.below(3));
    const sparse = Array.from({ length: 300 }, (_, i) =>
      i % 50 === 0 ? { a: 9, b: 9, c: 0 } : { a: few(), b: few(), c: few() },
    );
    const model = await detector(quick).fit(sparse);
    const scores = await model.score([...sparse, { a: 1, b: 0, c: 0 }, { a: 9, b: 9, c: 9 }]);
    assert.ok(Math.max(...scores) < 100, `${Math.max(...scores)}`);
    assert.ok(
      scores.at(-1)! > scores.at(-2)! && scores.at(-2)! > scores[sparse.findIndex((row) => !row.a)]! - 1,
    );
  });

  it('sets the threshold as asked: a share, none, by itself, or a score', async () => {
    const data = rows(400, 1);
    const at = async (options: object) => (await detector({ ...quick, ...options }).fit(data)).threshold;
    const most = await at({ contamination: 0 });
    assert.ok((await at({ contamination: 0.2 })) < (await at({ contamination: 0.05 })));
    assert.ok((await at({ contamination: 0.05 })) < most);
    assert.ok(Number.isFinite(await at({ contamination: 'auto' })));
    assert.equal(await at({ threshold: 3.5 }), 3.5);
  });

  it('says what is wrong', async () => {
    assert.throws(() => detector({ contamination: 0.7 }), /contamination/);
    assert.throws(() => detector({ contamination: 0.1, threshold: 1 }), /leave one of them out/);
    assert.throws(() => detector({ threshold: Number.NaN }), /`threshold`: .*\(given NaN\)/);
    await assert.rejects(detector().score(rows(3, 1)), /call fit\(table\) first/);
    for (const [nothing, text] of [
      [5, '5'],
      [null, 'null'],
      [undefined, 'undefined'],
      ['a.csv', '"a.csv"'],
    ]) {
      const expected = { name: 'UserError', message: new RegExp(`^a table is expected: .*; got ${text}$`) };
      await assert.rejects(detector(quick).fit(nothing as never), expected);
    }
    await assert.rejects(detector(quick).fit([{ a: 1 }]), UserError);
    const judge = await detector(quick).fit(rows(50, 1));
    await assert.rejects(
      judge.score([{ a: 1, b: 2, Sum: 3, sign: 'plus' }]),
      /"sum", missing here; is it "Sum"/,
    );
    const without = (...names: string[]) =>
      rows(3, 1).map((row) =>
        Object.fromEntries(Object.entries(row).filter(([name]) => !names.includes(name))),
      );
    await assert.rejects(judge.score(without('a')), /a column "a", missing here; add it, with/);
    await assert.rejects(judge.score(without('a', 'b')), /columns "a", "b", missing here; add them, with/);
    await assert.rejects(
      judge.score(rows(20, 1).map((row) => ({ ...row, a: 'text' }))),
      /column "a" held numbers in training/,
    );
  });

  it('takes columns in another order, and others beside them', async () => {
    const judge = await detector(quick).fit(rows(100, 1));
    const fresh = rows(10, 2);
    const turned = fresh.map(({ a, b, sum, sign }) => ({ extra: 'x', sign: sign!, sum: sum!, b: b!, a: a! }));
    assert.deepEqual(await judge.score(turned), await judge.score(fresh));
  });
});

describe('a saved detector', () => {
  it('gives the same scores, and so does its ONNX model on raw columns, in Python as well', async () => {
    const judge = await detector(quick).fit(
      rows(200, 1).map((row, i) => (i % 5 === 0 ? { ...row, b: null } : row)),
    );
    await judge.save(join(folder, 'kept'));
    const fresh = rows(30, 2).map((row, i) => (i % 4 === 0 ? { ...row, sign: 'new' } : row));
    const expected = await judge.score(fresh);
    const again = await loadDetector(join(folder, 'kept'));
    assert.deepEqual(await again.score(fresh), expected);
    assert.equal(again.threshold, judge.threshold);

    const session = await ort.InferenceSession.create(join(folder, 'kept', 'detector.onnx'));
    const numbers = (name: string) =>
      new ort.Tensor(
        'float64',
        Float64Array.from(fresh, (row) => Number((row as Record<string, Cell>)[name])),
        [30, 1],
      );
    const { score, anomaly } = await session.run({
      ...{ a: numbers('a'), b: numbers('b'), sum: numbers('sum') },
      sign: new ort.Tensor(
        'string',
        fresh.map(({ sign }) => String(sign)),
        [30, 1],
      ),
    });
    expected.forEach((value, i) => {
      assert.ok(Math.abs((score!.data[i] as number) - value) < 1e-4 * Math.max(1, Math.abs(value)));
      assert.equal(anomaly!.data[i], Number(value > judge.threshold));
    });

    const python = process.env.PYTHON;
    if (!python) return;
    writeFileSync(join(folder, 'rows.json'), JSON.stringify(fresh));
    const script = `
import json, sys, numpy as np, onnxruntime as ort
rows = json.load(open(sys.argv[2]))
s = ort.InferenceSession(sys.argv[1])
feeds = {i.name: np.array([[r[i.name]] for r in rows], dtype=object if i.type == 'tensor(string)' else np.float64) for i in s.get_inputs()}
print(json.dumps(s.run(['score'], feeds)[0].tolist()))`;
    const files = [join(folder, 'kept', 'detector.onnx'), join(folder, 'rows.json')];
    const { stdout, stderr, status } = spawnSync(python, ['-c', script, ...files], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    (JSON.parse(stdout) as number[]).forEach((value, i) => {
      assert.ok(Math.abs(value - expected[i]!) < 1e-4 * Math.max(1, Math.abs(value)));
    });
  });

  it('takes columns that are called like its outputs and weights, and renames the outputs', async () => {
    const names = ['score', 'anomaly', 'anomaly_', 'deviance.typical', 'network0.code.mean'];
    const table = Object.fromEntries(
      names.map((name, k) => [name, Float64Array.from({ length: 50 }, (_, i) => Math.sin((k + 2) * i))]),
    );
    const judge = await detector(quick).fit(table);
    const expected = await judge.score(table);
    const session = await ort.InferenceSession.create(judge.toOnnx());
    assert.deepEqual(session.outputNames, ['score_', 'anomaly__']);
    const found = await session.run(
      Object.fromEntries(names.map((name) => [name, new ort.Tensor('float64', table[name]!, [50, 1])])),
    );
    expected.forEach((value, i) => {
      assert.ok(Math.abs((found.score_!.data[i] as number) - value) < 1e-4 * Math.max(1, Math.abs(value)));
    });
    await judge.save(join(folder, 'renamed'));
    const manifest = JSON.parse(readFileSync(join(folder, 'renamed', 'manifest.json'), 'utf8'));
    assert.deepEqual(manifest.renamedOutputs, { score: 'score_', anomaly: 'anomaly__' });
    assert.deepEqual(await (await loadDetector(join(folder, 'renamed'))).score(table), expected);
  });

  it('of columns of any size gives the same scores, and so does its ONNX model', async () => {
    for (const size of [1e-320, 1e-200, 1e200]) {
      const table = {
        a: Float64Array.from({ length: 60 }, (_, i) => size * (2 + Math.sin(i))),
        b: Float64Array.from({ length: 60 }, (_, i) => i % 7),
      };
      const judge = await detector(quick).fit(table);
      assert.equal(judge.schema.columns.length, 2);
      const expected = await judge.score(table);
      await judge.save(join(folder, 'sizes'));
      assert.deepEqual(await (await loadDetector(join(folder, 'sizes'))).score(table), expected);
      const session = await ort.InferenceSession.create(join(folder, 'sizes', 'detector.onnx'));
      const column = (name: 'a' | 'b') => new ort.Tensor('float64', table[name], [60, 1]);
      const { score } = await session.run({ a: column('a'), b: column('b') });
      expected.forEach((value, i) => {
        assert.ok(
          Math.abs((score!.data[i] as number) - value) < 1e-4 * Math.max(1, Math.abs(value)),
          `${size}`,
        );
      });
    }
  });

  it('that is damaged is refused in words, not in JSON', async () => {
    const table = rows(60, 1);
    await (await detector(quick).fit(table)).save(join(folder, 'damaged'));
    const path = join(folder, 'damaged', 'manifest.json');
    const whole = readFileSync(path, 'utf8');
    const damages: [RegExp, (manifest: ReturnType<typeof JSON.parse>) => void][] = [
      [
        /record of the table's columns is damaged, at table\.columns\.0/,
        ({ table }) => (table.columns[0].scaling.scale = 0),
      ],
      [/record of the table's columns is damaged, at table\.columns/, ({ table }) => delete table.columns],
      [/not of the columns that the model has learned from/, ({ table }) => table.columns.pop()],
      [/record of training is not complete/, (manifest) => (manifest.training = null)],
      [/record of training is not complete/, ({ training }) => (training.threshold = 'high')],
      [/list of files is not complete/, ({ files }) => delete files['weights.safetensors']],
      [/detector/, ({ config }) => (config.networks = 'many')],
    ];
    for (const [message, damage] of damages) {
      const manifest = JSON.parse(whole);
      damage(manifest);
      writeFileSync(path, JSON.stringify(manifest));
      await assert.rejects(loadDetector(join(folder, 'damaged')), (error) => {
        assert.ok(error instanceof UserError);
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /[{}[\]]|"code"/);
        return true;
      });
    }
  });

  it('is told apart from a model', async () => {
    await assert.rejects(loadDetector(join(folder, 'nothing')), /no trained model here/);
  });
});

describe('detection on real data', () => {
  const data = (name: string) =>
    fileURLToPath(new URL(`../../../test/fixtures/adbench/${name}.npz`, import.meta.url));

  // Measured over five seeds: WBC 0.989 to 0.993, cardio 0.925 to 0.933. PyOD's autoencoder: 0.970 and 0.792.
  for (const [name, least] of [
    ['42_WBC', 0.98],
    ['6_cardio', 0.91],
  ] as const) {
    it(`reaches an AUROC of ${least} on ${name} without labels`, async () => {
      const table = await npzTable(data(name));
      const judge = await detector({ label: 'y' }).fit(table);
      const scores: number[] = [];
      const labels: number[] = [];
      for await (const { detections, chunk } of judge.detectChunks(table, { training: true })) {
        scores.push(...detections.map(({ score }) => score));
        labels.push(...Array.from(chunk.columns.at(-1)!, Number));
      }
      const { auroc } = detectionFigures(scores, labels)!;
      assert.ok(auroc > least, String(auroc));
    });
  }
});
