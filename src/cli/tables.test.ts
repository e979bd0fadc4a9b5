import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readTable } from '../index.js';
import { call, callJson, refused, start, temporaryFolder } from '../testing/cli.js';
import { cells, people, peopleRows as rows, trainPeople } from '../testing/people.js';

const { path: root, remove } = temporaryFolder();
after(remove);
const at = (name: string) => join(root, name);
const data = at('people.csv');

const run = at('run');

before(() => trainPeople(data, run));

describe('a table', () => {
  it('is trained on, its columns found out from the training part and said', async () => {
    const { code, stderr } = await call('train', data, '--epochs', '1', '--id', 'nr', '--out', at('said'));
    assert.equal(code, 0, stderr);
    assert.match(stderr, /300 rows, 5 of 7 columns used/);
    assert.match(stderr, /2 numbers: age, income/);
    assert.match(stderr, /1 category: city/);
    assert.match(stderr, /1 boolean: member/);
    assert.match(stderr, /1 date: since/);
    assert.match(stderr, /left out: label \(all of its values are 0\)/);
  });

  it('is evaluated, without what is missing', async () => {
    const [found] = await callJson('evaluate', run, data);
    assert.equal(found!.samples, rows);
    for (const value of Object.values(found!)) assert.ok(Number.isFinite(value));
    const [more] = await callJson('evaluate', run, data, '--importance-samples', '100');
    assert.ok((more!.logLikelihood as number) > -(found!.negativeElbo as number));
    await refused(['evaluate', run, data, '--importance-samples', '0'], /Expected a whole number from 1 up/);
  });

  it('is encoded with the columns that name and label its rows', async () => {
    assert.equal((await call('encode', run, data, '-o', at('codes.csv'))).code, 0);
    const codes = cells(at('codes.csv'));
    assert.equal(codes.length, rows);
    assert.deepEqual(Object.keys(codes[0]!).slice(0, 3), ['nr', 'label', 'z0']);
    assert.equal(codes[11]!.nr, 'P11');
    assert.equal((await call('encode', run, data, '-o', at('codes.parquet'), '--carry', 'city')).code, 0);
    assert.deepEqual((await readTable(at('codes.parquet'))).names.slice(0, 2), ['city', 'z0']);
  });

  it('is reconstructed in its own units, names and order', async () => {
    assert.equal((await call('reconstruct', run, data, '-o', at('back.csv'))).code, 0);
    const back = cells(at('back.csv'));
    assert.deepEqual(Object.keys(back[0]!), ['nr', 'age', 'income', 'city', 'member', 'since', 'label']);
    assert.equal(back[5]!.nr, 'P5');
    const close = back.filter((row, i) => Math.abs(Number(row.age) - (20 + ((i * 37) % 50))) < 12).length;
    assert.ok(close > 0.8 * rows, `${close}`);
    for (const { city, member } of back) {
      assert.ok(['Graz', 'Wien; Mitte', 'Linz'].includes(city!), city);
      assert.ok(['yes', 'no'].includes(member!), member);
    }
  });

  it('can be drawn from, and its codes decoded', async () => {
    assert.equal((await call('sample', run, '-n', '7', '-o', at('new.csv'))).code, 0);
    assert.equal(cells(at('new.csv')).length, 7);
    await call('encode', run, data, '-o', at('codes.csv'));
    assert.equal((await call('decode', run, at('codes.csv'), '-o', at('decoded.csv'))).code, 0);
    assert.equal(cells(at('decoded.csv')).length, rows);
    await refused(['sample', run, '-o', at('new.png')], /rows of a table; give a name that ends in \.csv/);
  });

  it('comes as JSON Lines, Parquet and through a pipe as well', async () => {
    for (const name of ['back.jsonl', 'back.parquet', 'back.csv.gz']) {
      assert.equal((await call('reconstruct', run, data, '-o', at(name))).code, 0, name);
      const [found] = await callJson('evaluate', run, at(name));
      assert.equal(found!.samples, rows, name);
    }
    const piped = start(['evaluate', run, '-', '--json'], `cat '${data}' | "$@"`);
    const { code, stdout, stderr } = await piped.outcome;
    assert.equal(code, 0, stderr);
    assert.equal((JSON.parse(stdout) as { samples: number }).samples, rows);
  });

  it('is read in the encoding and with the delimiter that it was trained with', async () => {
    const text = people().replaceAll(';', '|').replaceAll('Graz', 'K\u00f6ln');
    writeFileSync(at('latin.csv'), Buffer.from(text.slice(1), 'latin1'));
    const options = ['--encoding', 'windows-1252', '--delimiter', '|', '--out', at('latin'), '--quiet'];
    assert.equal((await call('train', at('latin.csv'), '--epochs', '1', '--id', 'nr', ...options)).code, 0);
    assert.equal((await call('encode', at('latin'), at('latin.csv'), '-o', at('latin-codes.csv'))).code, 0);
    await refused(['evaluate', run, at('latin.csv')], /not text in UTF-8/);
  });

  it('is refused where a number may have decimals or thousands, unless --decimal says which', async () => {
    const column = (name: string, cell: (i: number) => string, others: string) => {
      const lines = Array.from({ length: 40 }, (_, i) => `${cell(i)};${i % 7}`);
      writeFileSync(at(name), `x;y\n${lines.join('\n')}\n${others}`);
      return at(name);
    };
    const commas = column('commas.csv', (i) => `${i},07`, '');
    const points = column('points.csv', (i) => `${i}.07`, '6.288;3\n');
    const detect = ['detect', '--quiet', '--picture', at('marks.png')];
    assert.equal((await call(...detect, commas, '--out', at('commas'))).code, 0);
    assert.equal((await call(...detect, points, '--run', at('commas'))).code, 0);
    const either = column('either.csv', String, '6.288;3\n');
    const judged = [...detect, either, '--run', at('commas')];
    await refused(
      judged,
      /either\.csv: row 41, column "x": 6\.288 can be 6288 or 6\.288, .*: give --decimal \. or --decimal ,/,
    );
    assert.equal((await call(...judged, '--decimal', '.')).code, 0);

    const train = ['train', '--quiet', '--epochs', '1'];
    const trained = at('trained-commas');
    assert.equal((await call(...train, commas, '--out', trained)).code, 0);
    const out = at('either-codes.csv');
    for (const command of [
      ['detect', either, '--run', trained, '--picture', at('marks.png')],
      ['encode', trained, either, '-o', out],
      ['encode', trained, either, '-o', at('either.npy')],
      ['reconstruct', trained, either, '-o', out],
      ['evaluate', trained, either],
      ['map', trained, either, '-o', at('either-map.png')],
      ['map', trained, commas, '--neighbours', either, '--label', 'y', '-o', at('either-map.png')],
      ['sample', trained, '--data', either, '-o', out],
      ['traverse', trained, '--data', either, '-o', out],
      ['interpolate', trained, either, '--from', '0', '--to', '1', '-o', out],
    ]) {
      await refused(command, /6\.288 can be 6288 or 6\.288, .*: give --decimal \. or --decimal ,/);
      const { code, stderr } = await call(...command, '--decimal', '.');
      assert.equal(code, 0, `${command.join(' ')}: ${stderr}`);
    }
    const codeOf = async (mark: string) => {
      await call('encode', trained, either, '--decimal', mark, '-o', out);
      return cells(out).at(-1)!.z0;
    };
    assert.notEqual(await codeOf('.'), await codeOf(','));
    assert.equal((await call(...train, either, '--decimal', ',', '--out', at('said-marks'))).code, 0);
    assert.equal((await call('evaluate', at('said-marks'), either, '--quiet')).code, 0);
    await refused([...train, either, '--decimal', ';'], /--decimal/);
  });

  it('is compared with the training data by every command that judges it, aloud', async () => {
    const worse = people()
      .split('\r\n')
      .map((line, i) => {
        const parts = line.split(';');
        if (i === 0 || parts.length === 1) return line;
        if (i % 3 === 0) parts[1] = 'unknown';
        if (i % 2 === 0) parts[2] = '';
        return parts.join(';').replace(';Graz;', ';Bern;');
      });
    writeFileSync(at('worse.csv'), worse.join('\r\n'));
    assert.equal(
      (await call('detect', data, '--id', 'nr', '--out', at('judge'), '--quiet', '--picture', at('d.png')))
        .code,
      0,
    );
    for (const command of [
      ['evaluate', run, at('worse.csv')],
      ['encode', run, at('worse.csv'), '-o', at('worse-codes.csv')],
      ['reconstruct', run, at('worse.csv'), '-o', at('worse-back.csv')],
      ['detect', at('worse.csv'), '--run', run, '--picture', at('d.png')],
      ['detect', at('worse.csv'), '--run', at('judge'), '--picture', at('d.png')],
    ]) {
      const { code, stderr } = await call(...command);
      assert.equal(code, 0, stderr);
      assert.match(stderr, /column "age": 100 of 300 values are no numbers \("unknown"\)/);
      assert.match(stderr, /column "income": 150 of 300 values are missing, and training had none missing/);
      assert.match(stderr, /column "city": 92 of 276 values were never seen in training \("Bern"\)/);
    }
    assert.doesNotMatch((await call('evaluate', run, data)).stderr, /warning/);
    const validated = ['train', data, '--epochs', '1', '--id', 'nr', '--out', at('validated'), '--overwrite'];
    const { stderr } = await call(...validated, '--validation', at('worse.csv'));
    assert.match(
      stderr,
      /warning: --validation .*worse\.csv: column "age": 100 of 300 values are no numbers/,
    );
    assert.match(stderr, /warning: --validation .*: column "city": 92 of 276 values were never seen/);
    assert.doesNotMatch((await call(...validated, '--validation', data)).stderr, /warning/);
  });

  it('goes on training where it was stopped', async () => {
    const folder = at('resumed');
    const common = ['train', data, '--out', folder, '--quiet', '--id', 'nr'];
    assert.equal((await call(...common, '--epochs', '2')).code, 0);
    assert.equal((await call('train', '--resume', '--out', folder, '--epochs', '4', '--quiet')).code, 0);
    assert.equal(
      (await call('train', data, '--id', 'nr', '--epochs', '4', '--out', at('whole'), '--quiet')).code,
      0,
    );
    const weights = (name: string) => readFileSync(join(name, 'weights.safetensors'));
    assert.ok(weights(folder).equals(weights(at('whole'))));
  });

  it('is told by info: columns by type, those with gaps, and no option that it does not have', async () => {
    const { stdout } = await call('info', run);
    assert.match(stdout, /samples +rows of a table, 5 columns\n +2 numbers +age, income\n/);
    assert.match(stdout, /1 category +city\n/);
    assert.match(stdout, / with gaps +city\n +not learned +nr, label\n/);
    assert.match(stdout, / likelihood +one for each column: Gaussian, categorical, Bernoulli\n/);
    assert.doesNotMatch(stdout, /missing|fields| output | loss +mse|float32|[, ]\n/);
  });

  it('gives new rows from a plain autoencoder too, of the columns that it has learned', async () => {
    const options = ['--epochs', '1', '--id', 'nr', '--drop', 'since,label', '--out', at('plain'), '--quiet'];
    assert.equal((await call('train', data, ...options)).code, 0);
    assert.equal((await call('sample', at('plain'), '-n', '20', '-o', at('new.csv'))).code, 0);
    const made = cells(at('new.csv'));
    assert.equal(made.length, 20);
    assert.deepEqual(Object.keys(made[0]!), ['age', 'income', 'city', 'member']);
    for (const { city } of made) assert.ok(['Graz', 'Wien; Mitte', 'Linz'].includes(city!), city);
  });

  it('is refused with a message where it does not fit', async () => {
    writeFileSync(at('other.csv'), 'a,b\n1,2\n3,4\n');
    await refused(['evaluate', run, at('other.csv')], /was trained with columns "age", "income", "city"/);
    await refused(['train', data, '--loss', 'mse', '--out', at('x')], /--loss is for arrays and images/);
    await refused(['train', 'mnist', '--id', 'nr', '--out', at('x')], /--id is about the columns of a table/);
    await refused(
      ['train', data, '--label', 'nothing', '--out', at('x')],
      /--label nothing: .* no such column/,
    );
    for (const option of ['--columns', '--drop', '--categorical']) {
      const message = new RegExp(
        `^autoencoder: ${option} nothing: .* no such column; its columns are nr, age`,
      );
      await refused(['train', data, option, 'age,nothing', '--out', at('x')], message);
      await refused(['detect', data, option, 'age,nothing', '--picture', at('detect.png')], message);
    }
    writeFileSync(at('few.csv'), 'a,b\n1,x\n2,y\n3,z\n4,x\n');
    for (const [share, aside] of Object.entries({ 0.1: 0, 0.9: 4 })) {
      await refused(
        ['train', at('few.csv'), '--validation-split', share, '--out', at('x')],
        new RegExp(`--validation-split ${share} of the 4 rows of .*few.csv is ${aside}, but both sides`),
      );
    }
    writeFileSync(at('page.csv'), '<!DOCTYPE html><html><body>404</body></html>');
    await refused(['train', at('page.csv'), '--out', at('x')], /HTML|web page/);
    await refused(['train', at('missing.csv'), '--out', at('x')], /there is no file/);
    const large = ['train', data, '--latent', '1e12', '--out', at('x')];
    assert.match((await call(...large)).stderr, /^autoencoder: the model would have .* choose fewer units/);
    await refused(large, /--latent 1000000000000.* of memory, and this machine has/);
    assert.ok(!existsSync(at('x')));
  });
});

describe('names of columns', () => {
  const named = at('named.csv');
  const header = '"a,b","say ""x""",c,code';
  const lines = Array.from({ length: 30 }, (_, i) => `${Math.sin(i)},${Math.cos(i)},${i % 7},${i % 5}`);
  before(() => writeFileSync(named, `${header}\n${lines.join('\n')}\n`));
  const train = (...options: string[]) =>
    call('train', named, '--epochs', '1', '--out', at('named'), '--overwrite', ...options);

  it('of many that are left out as asked stand in one line', async () => {
    const { stderr } = await train('--columns', 'c,code');
    assert.match(stderr, /\n {2}left out: "a,b", "say ""x""" \(as asked\)\n/);
  });

  it('that are one line, undivided, are said with a hint at the delimiter', async () => {
    writeFileSync(at('commas-only.csv'), `x,y\n${lines.map((line) => line.slice(0, 30)).join('\n')}\n`);
    const hint =
      /its only column is called "x,y": if the , should divide it, give --delimiter , \(delimiter: "," in readTable\)/;
    const read = ['train', at('commas-only.csv'), '--delimiter', ';', '--out', at('undivided')];
    await refused(read, hint);
    await refused([...read, '--columns', 'x'], hint);
    await refused([...read, '--columns', 'x,y'], hint);
    await refused(['detect', at('commas-only.csv'), '--delimiter', ';', '--label', 'y'], hint);
  });

  it('may have commas and quotes: they are said, and given, as in CSV', async () => {
    const all = (await train()).stderr;
    assert.match(all, /4 numbers: "a,b", "say ""x""", c, code/);
    assert.match((await train('--drop', '"a,b","say ""x"""')).stderr, /2 numbers: c, code/);
    assert.match((await train('--columns', ' c , "a,b"')).stderr, /2 numbers: "a,b", c/);
    assert.match((await train('--categorical', 'code, c')).stderr, /2 numbers: "a,b", "say ""x"""/);
    const wrong = await train('--drop', 'a,b');
    assert.equal(wrong.code, 2);
    assert.match(
      wrong.stderr,
      /--drop a: .* its columns are "a,b", "say ""x""", c, code; a name with a comma is given in quotes: --drop '"a,b"'/,
    );
    for (const bad of ['"a,b', '"a"b,c', ',', '']) {
      const { code, stderr } = await train('--drop', bad);
      assert.equal(code, 2, bad);
      assert.match(stderr, /'--drop <names>' argument '.*' is invalid/);
    }
  });

  it('may be those of outputs: the run is trained, goes on, and is used', async () => {
    assert.equal((await train('--quiet')).code, 0);
    assert.equal((await call('train', '--resume', '--out', at('named'), '--epochs', '2', '--quiet')).code, 0);
    assert.equal((await call('reconstruct', at('named'), named, '-o', at('named-back.csv'))).code, 0);
    assert.deepEqual(Object.keys(cells(at('named-back.csv'))[0]!), ['a,b', 'say "x"', 'c', 'code']);
  });
});

describe('tables that are written', () => {
  const clashing = ['score', 'p_value', 'anomaly', 'column1', 'given1', 'row', 'z0', 'z0_', 'z1', 'label'];
  const file = at('clashing.csv');
  const folder = at('clashing');
  before(async () => {
    const cell = (i: number, k: number) => (k === 9 ? `L${i % 2}` : Math.sin((k + 1) * i));
    const lines = Array.from({ length: 30 }, (_, i) => clashing.map((_unused, k) => cell(i, k)).join(','));
    writeFileSync(file, `${clashing.join(',')}\n${lines.join('\n')}\n`);
    const options = ['--epochs', '1', '--latent', '2', '--quiet', '--out', folder];
    assert.equal((await call('train', file, ...options)).code, 0);
  });

  it('have no column twice, whatever the column that names the rows is called', async () => {
    for (const id of clashing.slice(0, 6)) {
      const written = ['--run', folder, '-o', at('unique.csv'), '--picture', at('detect.png')];
      assert.equal((await call('detect', file, '--id', id, ...written)).code, 0, id);
      const names = readFileSync(at('unique.csv'), 'utf8').split('\n')[0]!.split(',');
      assert.equal(new Set(names).size, 13, id);
      assert.equal(names[0], id);
      if (id !== 'row') assert.ok(names.includes(`${id}_`), id);
    }
  });

  it('hold codes that are read again beside columns of their names', async () => {
    const plain = await call('encode', folder, file, '-o', at('plain.csv'), '--carry', 'label');
    assert.equal(plain.code, 0, plain.stderr);
    const carried = ['--carry', 'z0,z0_,label,label'];
    assert.equal((await call('encode', folder, file, '-o', at('beside.csv'), ...carried)).code, 0);
    const [names] = readFileSync(at('beside.csv'), 'utf8').split('\n');
    assert.equal(names, 'z0,z0_,label,z0__,z1');
    for (const name of ['plain', 'beside']) {
      const decoded = ['-o', at(`${name}-decoded.csv`)];
      assert.equal((await call('decode', folder, at(`${name}.csv`), ...decoded)).code, 0, name);
    }
    assert.deepEqual(cells(at('beside-decoded.csv')), cells(at('plain-decoded.csv')));
  });
});
