// How well anomalies are found without labels, beside simple baselines: `npm run bench:detect`. Sets are the .npz files
// of a folder, with rows as X and labels as y (1: an anomaly), such as those of ADBench.
//
//   npm run bench:detect                                the two small sets of test/fixtures/adbench
//   ADBENCH=~/adbench npm run bench:detect              all sets of a folder, or: -- --data ~/adbench
//   npm run bench:detect -- --seeds 0 --json out.json   one seed; all figures as JSON
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { detectionFigures, detector, readTable } from 'autoencoder';
import { PCA } from 'ml-pca';
import { isolationForest } from './isolationForest.mjs';

const { values } = parseArgs({
  options: {
    data: {
      type: 'string',
      default: process.env.ADBENCH || fileURLToPath(new URL('../test/fixtures/adbench', import.meta.url)),
    },
    seeds: { type: 'string', default: '0,1,2' },
    json: { type: 'string' },
  },
});
const seeds = values.seeds.split(',').map(Number);
if (!seeds.every(Number.isSafeInteger)) fail(`--seeds ${values.seeds}: expected integers, such as 0,1,2`);
if (!existsSync(values.data)) fail(`there is no folder ${values.data}; give one with --data`);
const files = readdirSync(values.data)
  .filter((name) => name.endsWith('.npz'))
  .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
if (files.length === 0) fail(`${values.data} has no .npz files; give another folder with --data`);

function fail(message) {
  console.error(message);
  process.exit(2);
}

/** Rows with every column at mean 0 and variance 1 (constant ones at 0), and the labels. */
async function standardised(table) {
  const width = table.names.indexOf('y');
  if (width !== table.names.length - 1) fail(`${table.source} has no labels; save them in the file as y`);
  const count = table.rowCount;
  const rows = new Float64Array(count * width);
  const labels = new Uint8Array(count);
  let first = 0;
  for await (const { rows: some, columns } of table.chunks()) {
    for (let row = 0; row < some; row++) {
      for (let column = 0; column < width; column++) {
        rows[(first + row) * width + column] = Number(columns[column][row]);
      }
      labels[first + row] = Number(columns[width][row]);
    }
    first += some;
  }
  for (let column = 0; column < width; column++) {
    let sum = 0;
    for (let at = column; at < rows.length; at += width) sum += rows[at];
    const mean = sum / count;
    let squares = 0;
    for (let at = column; at < rows.length; at += width) squares += (rows[at] - mean) ** 2;
    const deviation = Math.sqrt(squares / count);
    for (let at = column; at < rows.length; at += width) {
      rows[at] = deviation > 1e-12 * Math.abs(mean) ? (rows[at] - mean) / deviation : 0;
    }
  }
  return { rows, labels, count, width };
}

function norms({ rows, count, width }) {
  return Float64Array.from({ length: count }, (_, row) => {
    let squares = 0;
    for (let i = row * width; i < (row + 1) * width; i++) squares += rows[i] ** 2;
    return Math.sqrt(squares);
  });
}

/** The squared error of what the leading components, with 90 % of the variance, reconstruct; and Mahalanobis's distance. */
function pcaScores({ rows, count, width }) {
  const covariance = Array.from({ length: width }, () => new Array(width).fill(0));
  for (let at = 0; at < rows.length; at += width) {
    for (let i = 0; i < width; i++) {
      for (let j = 0; j <= i; j++) covariance[i][j] += (rows[at + i] * rows[at + j]) / (count - 1);
    }
  }
  for (let i = 0; i < width; i++) {
    for (let j = 0; j < i; j++) covariance[j][i] = covariance[i][j];
  }
  const pca = new PCA(covariance, { isCovarianceMatrix: true });
  const variances = pca.getEigenvalues();
  const vectors = pca.getEigenvectors().transpose().to2DArray();
  const total = variances.reduce((sum, variance) => sum + variance, 0);
  let leading = 0;
  for (let held = 0; held < 0.9 * total; leading++) held += variances[leading];
  const residual = new Float64Array(count);
  const mahalanobis = new Float64Array(count);
  for (let row = 0; row < count; row++) {
    for (let component = 0; component < width; component++) {
      const vector = vectors[component];
      let along = 0;
      for (let i = 0; i < width; i++) along += rows[row * width + i] * vector[i];
      if (component >= leading) residual[row] += along ** 2;
      // Directions in which nothing varies say nothing.
      if (variances[component] > 1e-9 * variances[0]) {
        mahalanobis[row] += along ** 2 / variances[component];
      }
    }
  }
  return { residual, mahalanobis };
}

/** Fits on all rows without their labels and scores the same rows. */
async function ours(table, seed) {
  const started = performance.now();
  const found = detector({ label: 'y', seed });
  await found.fit(table);
  const scores = [];
  for await (const { detections } of found.detectChunks(table, { training: true, reasons: false })) {
    for (const { score } of detections) scores.push(score);
  }
  await found.release();
  return { scores, seconds: (performance.now() - started) / 1000 };
}

const mean = (numbers) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

async function measure(file) {
  const table = await readTable(join(values.data, file));
  const data = await standardised(table);
  const figures = (scores) => detectionFigures(scores, data.labels);
  const { residual, mahalanobis } = pcaScores(data);
  const single = { norm: figures(norms(data)), pca: figures(residual), mahalanobis: figures(mahalanobis) };
  if (single.norm === null) fail(`${table.source}: y holds one class alone; expected 0 and 1`);
  const runs = [];
  for (const seed of seeds) {
    const { scores, seconds } = await ours(table, seed);
    const forest = isolationForest(data.rows, data.count, data.width, { seed });
    runs.push({ seed, seconds, ours: figures(scores), forest: figures(forest) });
  }
  const of = (method, figure) =>
    method in single ? single[method][figure] : mean(runs.map((run) => run[method][figure]));
  const methods = ['ours', 'norm', 'pca', 'mahalanobis', 'forest'];
  const { count, width, labels } = data;
  return {
    set: basename(file, '.npz'),
    rows: count,
    columns: width,
    anomalies: labels.reduce((sum, label) => sum + label, 0),
    auroc: Object.fromEntries(methods.map((method) => [method, of(method, 'auroc')])),
    averagePrecision: Object.fromEntries(methods.map((method) => [method, of(method, 'averagePrecision')])),
    seconds: mean(runs.map((run) => run.seconds)),
    runs,
  };
}

function line(set, size, { auroc, averagePrecision, seconds }) {
  const areas = [auroc.ours, auroc.norm, auroc.pca, auroc.mahalanobis, auroc.forest];
  const precisions = [averagePrecision.ours, averagePrecision.forest];
  const cells = [
    set,
    size,
    ...[...areas, ...precisions].map((number) => number.toFixed(3)),
    seconds.toFixed(1),
  ];
  console.log(`| ${cells.join(' | ')} |`);
}

console.log(`${cpus()[0].model.trim()}, ${cpus().length} cores, Node ${process.version}`);
console.log(
  `\nThe area under the ROC curve of all rows, fitted without labels (seeds ${seeds.join(', ')}; means). Beside ours, on
standardised columns: the norm of a row; the error of its reconstruction from the principal components that hold
90 % of the variance; its Mahalanobis distance; an isolation forest. AP: average precision, ours and the forest's.
Seconds: to read, fit and score once, ours.\n`,
);
const head = [
  'set',
  'rows × columns',
  'ours',
  'norm',
  'PCA',
  'Mahalanobis',
  'forest',
  'AP',
  'AP forest',
  's',
];
console.log(`| ${head.join(' | ')} |\n|${head.map(() => '---').join('|')}|`);
const sets = [];
for (const file of files) {
  const measured = await measure(file);
  sets.push(measured);
  line(measured.set, `${measured.rows} × ${measured.columns}`, measured);
}
const means = (kind) =>
  Object.fromEntries(
    Object.keys(sets[0][kind]).map((method) => [method, mean(sets.map((set) => set[kind][method]))]),
  );
line('mean', '', {
  auroc: means('auroc'),
  averagePrecision: means('averagePrecision'),
  seconds: mean(sets.map((set) => set.seconds)),
});
if (values.json) {
  const overall = { auroc: means('auroc'), averagePrecision: means('averagePrecision') };
  writeFileSync(values.json, `${JSON.stringify({ seeds, sets, means: overall }, null, 2)}\n`);
}
