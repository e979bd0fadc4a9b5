import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readTable } from '../index.js';
import { call, callJson, refused, temporaryFolder } from '../testing/cli.js';
import { cells, people, peopleRows as rows, trainPeople } from '../testing/people.js';

const { path: root, remove } = temporaryFolder();
after(remove);
const at = (name: string) => join(root, name);
const data = at('people.csv');
const run = at('run');

before(() => trainPeople(data, run));

describe('detect', () => {
  const odd = at('odd.csv');
  before(() => writeFileSync(odd, people(true)));
  const picture = ['--picture', at('detect.png')];

  it('finds the odd row, says why, and measures itself against labels that it did not see', async () => {
    const [found] = await callJson('detect', odd, '--id', 'nr', '--label', 'label', ...picture);
    const oddest = found!.oddest as { id: string; reasons: { column: string }[] }[];
    assert.equal(oddest[0]!.id, 'P7');
    assert.equal(oddest[0]!.reasons[0]!.column, 'income');
    assert.equal(found!.auroc, 1);
    assert.deepEqual([...readFileSync(at('detect.png')).subarray(1, 4)], [...Buffer.from('PNG')]);
  });

  it('keeps a detector, which gives other rows the same verdicts whichever file they come in', async () => {
    const kept = at('detector');
    assert.equal((await call('detect', data, '--id', 'nr', '--out', kept, '--quiet', ...picture)).code, 0);
    for (const name of ['scores.csv', 'scores.parquet']) {
      const { code, stderr } = await call(
        'detect',
        odd,
        '--run',
        kept,
        '--id',
        'nr',
        '-o',
        at(name),
        ...picture,
      );
      assert.equal(code, 0, stderr);
    }
    const scores = cells(at('scores.csv'));
    assert.equal(scores.length, rows);
    assert.deepEqual(Object.keys(scores[0]!).slice(0, 7), [
      ...['nr', 'score', 'p_value', 'anomaly', 'column1', 'given1', 'expected1'],
    ]);
    assert.equal(scores[7]!.anomaly, 'true');
    assert.equal(scores[7]!.column1, 'income');
    assert.equal(scores[7]!.given1, '2000000,00');
  });

  it('is kept in place of an older one only where that is asked for, as a run is', async () => {
    const kept = at('detector');
    const manifest = () => readFileSync(join(kept, 'manifest.json'));
    const before = manifest();
    const again = ['detect', data, '--id', 'nr', '--out', kept, ...picture];
    const message = /already holds a detector; replace it with --overwrite, or choose another folder with/;
    await refused(again, message);
    const train = ['train', data, '--epochs', '1', '--quiet', '--id', 'nr', '--out', kept];
    await refused(train, message);
    await refused(['train', '--resume', '--out', kept], /detector, which learns once and does not go on/);
    assert.deepEqual(manifest(), before);
    assert.equal((await call(...train, '--overwrite')).code, 0);
    assert.ok(!existsSync(join(kept, 'detector.onnx')));
    await refused(again, /already holds a run of train; replace it with --overwrite/);
    assert.equal((await call(...again, '--overwrite')).code, 0);
    assert.ok(!existsSync(join(kept, 'encoder.onnx')));
    await refused(
      ['detect', odd, '--overwrite', ...picture],
      /--overwrite replaces what the folder of --out/,
    );
  });

  it('judges by a model of train as well, in nats', async () => {
    const [found] = await callJson('detect', odd, '--run', run, '--id', 'nr', '--label', 'label', ...picture);
    assert.equal((found!.oddest as { id: string }[])[0]!.id, 'P7');
    assert.equal(found!.anomalies, 15);
    const [again] = await callJson('detect', odd, '--run', run, '--id', 'nr', '--label', 'label', ...picture);
    assert.deepEqual(again, found);
    const [likelihood] = await callJson('detect', odd, '--run', run, '--score', 'likelihood', ...picture);
    assert.equal((likelihood!.oddest as { row: number }[])[0]!.row, 7);
    assert.notEqual(likelihood!.threshold, found!.threshold);
    await refused(['detect', odd, '--score', 'likelihood', ...picture], /give --run with a run of train/);
  });

  it('shows what a kept detector is, and refuses to take it for a model', async () => {
    const [shown] = await callJson('info', at('detector'));
    assert.deepEqual([shown!.family, shown!.rows], ['detector', rows]);
    assert.match(
      (await call('info', at('detector'))).stdout,
      /a detector of anomalies[\s\S]*learned from +300 rows/,
    );
    for (const command of ['evaluate', 'encode', 'reconstruct']) {
      await refused([command, at('detector'), data], /holds a detector[\s\S]*detect rows\.csv --run/);
    }
  });

  it('names rows by the column that named them in training, unless another is named', async () => {
    const judged = async (file: string, ...argv: string[]) => {
      const { code, stderr } = await call('detect', file, ...argv, '-o', at('named.csv'), ...picture);
      assert.equal(code, 0, stderr);
      const [row] = cells(at('named.csv'));
      return { first: Object.entries(row!)[0], stderr };
    };
    for (const folder of [at('detector'), run]) {
      assert.deepEqual((await judged(odd, '--run', folder)).first, ['nr', 'P0']);
      assert.deepEqual((await judged(odd, '--run', folder, '--id', 'member')).first, ['member', 'no']);
    }
    writeFileSync(at('renamed.csv'), people(true).replace('nr;', 'number;'));
    const { first, stderr } = await judged(at('renamed.csv'), '--run', at('detector'));
    assert.deepEqual(first, ['row', '0']);
    assert.match(
      stderr,
      /renamed\.csv has no column nr, which named the rows in training: rows are numbered/,
    );
  });

  it('numbers the rows where no column names them', async () => {
    const options = ['--run', at('detector'), ...picture];
    const named = ['-o', at('numbered.parquet')];
    assert.equal((await call('detect', at('renamed.csv'), ...options, ...named)).code, 0);
    for await (const { columns } of (await readTable(at('numbered.parquet'))).chunks())
      assert.deepEqual([columns[0]![7]], [7]);
  });

  it('counts odd rows in whole sentences', async () => {
    const said = async (...argv: string[]) =>
      (await call('detect', odd, '--run', at('detector'), ...argv, ...picture)).stdout.split('\n')[0];
    assert.match((await said('--threshold', '1000'))!, /^0 of 300 rows are odd: no score is above 1,000\.$/);
    const [found] = await callJson('detect', odd, '--run', at('detector'), ...picture);
    const [first, second] = (found!.oddest as { score: number }[]).map(({ score }) => score);
    const between = String((first! + second!) / 2);
    assert.match((await said('--threshold', between))!, /^1 of 300 rows is odd: its score is above /);
    assert.match((await said('--threshold', '-100'))!, /^300 of 300 rows are odd: their score is above -100/);
    writeFileSync(at('single.csv'), people(true).split('\r\n').slice(0, 2).join('\n'));
    const single = ['detect', at('single.csv'), '--run', at('detector')];
    const one = await call(...single, '--threshold', '1000', ...picture);
    assert.match(one.stdout, /^0 of 1 row is odd: no score is above /);
  });

  it('keeps line breaks and tabs of names and texts out of the lines of its table', async () => {
    const lines = Array.from({ length: 30 }, (_, i) => `"P\t${i}",${Math.sin(i)},${Math.cos(i)}`);
    writeFileSync(at('breaks.csv'), `"the\nname","first\tx",y\n${lines.join('\n')}\n`);
    const train = ['train', at('breaks.csv'), '--id', 'the\nname', '--epochs', '1', '--out', at('breaks')];
    const { stderr } = await call(...train);
    assert.match(stderr, /2 numbers: "?first\\tx"?, y\n {2}left out: "?the\\nname"? \(it names the rows\)/);
    const { stdout } = await call('detect', at('breaks.csv'), '--run', at('breaks'), ...picture);
    assert.match(stdout, /\n {2}the\\nname +score +p-value +why\n {2}P\\t\d+ /);
    assert.match(stdout, / first\\tx -?\d/);
    assert.doesNotMatch(stdout, /\t/);
  });

  it('takes its threshold from the contamination, or as given', async () => {
    const count = async (...options: string[]) =>
      (await callJson('detect', odd, '--id', 'nr', ...options, ...picture))[0]!.anomalies as number;
    assert.equal(await count('--contamination', '0.1'), 30);
    assert.equal(await count('--threshold', '1000'), 0);
  });

  it('lists the classes of a label that has not two', async () => {
    const lines = Array.from(
      { length: 40 },
      (_, i) => `${Math.sin(i)},${['a', 'b', 'a', ''][i % 4]},x,${i % 3},${['no', 'ok'][i % 2]}`,
    );
    writeFileSync(at('classes.csv'), `v,two,one,three,none\n${lines.join('\n')}\n`);
    const warning = async (label: string) =>
      (await call('detect', at('classes.csv'), '--label', label, ...picture)).stderr;
    assert.match(
      await warning('three'),
      /--label three: .* these 3 classes: "0" \(14 rows\), "1" \(13 rows\), "2" \(13 rows\); expected are two/,
    );
    assert.match(await warning('one'), /--label one: .* with one class: "x" \(40 rows\); expected are two/);
    assert.match(await warning('none'), /these 2 classes: "no" \(20 rows\), "ok" \(20 rows\); expected/);
    const { stderr } = await call('detect', at('classes.csv'), '--label', 'two', ...picture);
    assert.doesNotMatch(stderr, /--label/);
    assert.match(stderr, /10 of 40 rows have no two; such rows are judged, and left out of the figures/);
  });

  it('measures by the rows alone that have a label, and says how many have none', async () => {
    const rows = Array.from({ length: 60 }, (_, i) => [Math.sin(i) + (i % 20 === 0 ? 9 : 0), Math.cos(i)]);
    const table = (name: string, label: (i: number) => string, wanted: (i: number) => boolean) => {
      const lines = rows.flatMap((cells, i) => (wanted(i) ? [`${cells.join()},${label(i)}`] : []));
      writeFileSync(at(name), `a,b,odd\n${lines.join('\n')}\n`);
      return at(name);
    };
    const label = (i: number) => (i % 10 === 3 ? '' : String(Number(i % 20 === 0 || i === 7)));
    const all = table('some-labels.csv', label, () => true);
    const labelled = table('all-labels.csv', label, (i) => label(i) !== '');
    const trained = ['train', all, '--label', 'odd', '--epochs', '1', '--out', at('quick'), '--quiet'];
    assert.equal((await call(...trained)).code, 0);
    const options = ['--label', 'odd', '--run', at('quick'), ...picture];
    const [found] = await callJson('detect', all, ...options);
    const [expected] = await callJson('detect', labelled, ...options);
    const figures = ({ labelled, auroc, averagePrecision, precisionAtN }: Record<string, unknown>) =>
      JSON.stringify({ labelled, auroc, averagePrecision, precisionAtN });
    assert.deepEqual([found!.rows, figures(found!)], [60, figures(expected!)]);
    assert.match((await call('detect', all, ...options)).stderr, /6 of 60 rows have no odd; such rows/);
    assert.doesNotMatch((await call('detect', labelled, ...options)).stderr, /warning/);
    const ones = table(
      'ones.csv',
      (i) => (i % 2 === 0 ? '1' : ''),
      () => true,
    );
    const one = /with one class: "1" \(30 rows\); 30 rows have no label; expected are two/;
    assert.match((await call('detect', ones, ...options)).stderr, one);
    const none = table(
      'none.csv',
      () => '',
      () => true,
    );
    assert.match((await call('detect', none, ...options)).stderr, /since all labels are missing; expected/);
  });

  it('says where rows are too few for figures to mean much', async () => {
    const few = Array.from({ length: 12 }, (_, i) => `${Math.sin(i)},${Math.cos(3 * i)}`);
    writeFileSync(at('dozen.csv'), `a,b\n${few.join('\n')}\n`);
    const note = /note: there are only 12 rows to learn from: figures of so few are unreliable/;
    assert.match((await call('detect', at('dozen.csv'), ...picture)).stderr, note);
    const train = ['train', at('dozen.csv'), '--epochs', '1', '--out', at('dozen')];
    assert.match((await call(...train)).stderr, note);
    assert.doesNotMatch((await call('detect', odd, '--id', 'nr', ...picture)).stderr, /unreliable/);
  });

  it('says what is wrong', async () => {
    await refused(
      ['detect', odd, '--label', 'no'],
      /--label no: .* has no such column; its columns are nr, age/,
    );
    await refused(['detect', odd, '--run', at('nothing')], /there is no folder/);
    await refused(['detect', odd, '--contamination', '0.9'], /Expected a number from 0 to 0.5/);
    await refused(['detect', odd, '-o', at('scores.xls'), ...picture], /names no format; expected \.csv/);
    assert.ok(!existsSync(at('scores.xls')));
  });
});
