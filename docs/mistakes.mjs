// Measures what the mistakes in docs/objective.md do: trains the reference VAE rightly and wrongly, prints the
// table that stands there, and draws images/mistakes.png. It reaches into dist, since the library offers no wrong
// objectives.
//
//   npm run build && node docs/mistakes.mjs        ten epochs on 5,000 images each, some twenty seconds on two cores
import { mkdirSync, writeFileSync } from 'node:fs';
import { restoreModel } from '../dist/estimator/create.js';
import { evaluate } from '../dist/estimator/evaluate.js';
import { nodePlatform } from '../dist/estimator/nodePlatform.js';
import { add, constant, exp, mean, mul, stopGradient } from '../dist/graph/index.js';
import { readDataset } from '../dist/index.js';
import { vaeFamily } from '../dist/models/families/vae.js';
import { dense, klToStandardNormal, likelihood, sequential } from '../dist/nn/index.js';
import { gridPicture } from '../dist/pictures/grid.js';
import { fillNoise } from '../dist/random/fill.js';
import { Random } from '../dist/random/random.js';
import { fit } from '../dist/train/fit.js';

const train = await readDataset('mnist:train[0:5000]');
const test = await readDataset('mnist:test[0:2000]');
const epochs = Number(process.argv[2] ?? 10);

const configOf = (beta) => vaeFamily.schema.parse({ hidden: [256], latent: 32, beta });
const definitionOf = (beta) => vaeFamily.define(configOf(beta), { features: 784, shape: [28, 28] });

const trunk = sequential(dense(256, { activation: 'relu' }));
const head = dense(32);
const decoder = sequential(dense(256, { activation: 'relu' }), dense(784));
const bernoulli = likelihood({ type: 'bernoulli' });

/** The objective of src/models/variational.ts, with two places at which it can be spoilt. */
function spoilt({ logVarOf = head, noiseOf = (scope, shape) => scope.noise('posterior', 'normal', shape) }) {
  const objective = (x, scope) => {
    const [center, logVar] = scope.in('encoder', (inner) => {
      const hidden = inner.in('hidden', (deeper) => trunk(x, deeper));
      return [inner.in('mean', (s) => head(hidden, s)), inner.in('logVar', (s) => logVarOf(hidden, s))];
    });
    const code = add(center, mul(exp(mul(logVar, 0.5)), noiseOf(scope, center.shape)));
    const output = scope.in('decoder', (inner) => decoder(code, inner));
    const nll = mean(bernoulli.negativeLogLikelihood(x, output, scope));
    const kl = mean(klToStandardNormal(center, logVar));
    return { loss: add(nll, kl), metrics: { reconstructionNll: nll, kl } };
  };
  return { ...definitionOf(1), objective };
}

/** The layer for the log-variance, with something else in place of its weights. */
const headWith = (replace) => (x, scope) => {
  const other = Object.create(scope);
  other.parameter = (...asked) => replace(scope.parameter(...asked), asked[0], scope);
  return head(x, other);
};
const frozen = headWith((weight) => stopGradient(weight));
const redrawn = headWith((weight, name, scope) => {
  if (name === 'bias') return weight;
  const glorot = Math.sqrt(2 / (256 + 32));
  return add(mul(weight, 0), mul(scope.noise('kernel', 'normal', weight.shape), glorot));
});
const drawnOnce = new Float32Array(32);
fillNoise(drawnOnce, 'normal', new Random(99));

const variants = {
  right: definitionOf(1),
  'logVar layer new at every call': spoilt({ logVarOf: redrawn }),
  'logVar layer new once, never trained': spoilt({ logVarOf: frozen }),
  'noise drawn once': spoilt({ noiseOf: () => constant(drawnOnce, [32]) }),
  'no KL (β = 0)': definitionOf(0),
  'latents averaged (β = 1/32)': definitionOf(1 / 32),
  'pixels averaged (β = 784)': definitionOf(784),
};

const sample = { dtype: 'uint8', shape: [28, 28], scale: 1 / 255 };
const start = restoreModel(nodePlatform, { family: vaeFamily, config: configOf(1), sample, seed: 0 });
const rows = [];
const round = (value) => value.toFixed(1);
console.log('| | reported: training | reported: test | −ELBO | = NLL | + KL | active units | MSE |');
console.log('|---|---|---|---|---|---|---|---|');
for (const [name, definition] of Object.entries(variants)) {
  const target = {
    definition,
    sample,
    weights: start.weights,
    runner: nodePlatform.runJob,
    form: nodePlatform.form,
  };
  const { weights, history } = await fit(target, train, { epochs, batchSize: 32 });
  // Measured twice: by the objective it was trained on, as its author would see it, and by the right one.
  const seen = await evaluate(nodePlatform, { family: 'vae', definition, sample, weights }, test, 0);
  const model = restoreModel(nodePlatform, {
    family: vaeFamily,
    config: configOf(1),
    sample,
    seed: 0,
    weights,
  });
  const { negativeElbo, reconstructionNll, kl, activeUnits, mse } = await model.evaluate(test);
  const cells = [history.rows.at(-1).loss, seen.loss, negativeElbo, reconstructionNll, kl].map(round);
  console.log(`| ${[name, ...cells, activeUnits, mse.toFixed(4)].join(' | ')} |`);
  const label = name.replace(/ \(.*/, '');
  if (!name.startsWith('logVar')) rows.push({ label, images: (await model.sample(10, { seed: 1 })).data });
}

const title = 'Ten codes from the prior, decoded';
const picture = await gridPicture({ rows, shape: [28, 28], range: [0, 255], title });
mkdirSync(new URL('images', import.meta.url), { recursive: true });
writeFileSync(new URL('images/mistakes.png', import.meta.url), picture);
