// Trains a row as it was published, or with fewer epochs, and measures it.
import { cpus, loadavg } from 'node:os';
import { earlyStopping, generationQuality, sampler, version } from 'autoencoder';
import { dataSets, readData, uniform } from './data.mjs';

/** Epochs of the published schedule. */
export function publishedEpochs({ epochs, stages }) {
  return epochs ?? stages.reduce((total, [length]) => total + length, 0);
}

/**
 * Stages as [epochs, rate] for so many epochs: as published where these are enough, else all rates for as long as one
 * another, so that a short training too ends at the lowest rate.
 */
export function scheduleOf({ epochs: all, stages, optimizer }, epochs) {
  const published = stages ?? [[all, optimizer.learningRate]];
  const total = publishedEpochs({ stages: published });
  if (epochs >= total) return published;
  const end = (i) => Math.floor(((i + 1) * epochs) / published.length);
  return published
    .map(([, rate], i) => [end(i) - (i === 0 ? 0 : end(i - 1)), rate])
    .filter(([length]) => length > 0);
}

/** Sets the rate of each stage, between epochs. */
function stageRates(schedule) {
  const rates = schedule.flatMap(([length, rate]) => new Array(length).fill(rate));
  return {
    name: 'stageRates',
    onEpochEnd({ row, scaleLearningRate }) {
      const [now, next] = [rates[row.epoch - 1], rates[row.epoch]];
      if (next !== undefined && next !== now) scaleLearningRate(next / now);
    },
  };
}

/**
 * Gives dense layers the first weights that PyTorch's `nn.Linear` has: kernel and bias uniform between ±1 / √inputs. Biases
 * come behind their kernels.
 */
function setLinearWeights(model, seed) {
  const draw = uniform(seed + 1);
  let limit = 0;
  for (const { name, shape } of model.variables) {
    if (shape.length === 2) limit = 1 / Math.sqrt(shape[0]);
    const values = model.weights[name];
    for (let i = 0; i < values.length; i++) values[i] = (2 * draw() - 1) * limit;
  }
}

/** Puts the logit of the mean of the training images into the bias of the output, as the IWAE paper does. */
function setOutputBias(model, { data, shape }) {
  const pixels = data.length / shape[0];
  const { name } = model.variables
    .filter((v) => /^decoder\.\d+\.bias$/.test(v.name) && v.shape[0] === pixels)
    .at(-1);
  const bias = model.weights[name];
  for (let pixel = 0; pixel < pixels; pixel++) {
    let sum = 0;
    for (let i = pixel; i < data.length; i += pixels) sum += data[i];
    const mean = Math.min(Math.max(sum / shape[0] / 255, 0.001), 0.999);
    bias[pixel] = Math.log(mean / (1 - mean));
  }
}

/**
 * Trains and measures.
 * @param epochs fewer than published make it a shortened run
 * @param importanceSamples other than published, where a likelihood is estimated
 * @param images a limit on each part of the data, for trying things out
 * @returns a record, as it is stored in bench/results
 */
export async function reproduce(
  name,
  row,
  { epochs = publishedEpochs(row), seed = 0, importanceSamples, images, report = () => {} } = {},
) {
  const load = loadavg()[0];
  const data = await readData(row.data, images);
  const model = row.model(seed);
  if (row.firstWeights === 'linear') setLinearWeights(model, seed);
  if (row.outputBias === 'mean') setOutputBias(model, data.train);
  const schedule = scheduleOf(row, epochs);
  const callbacks = [
    stageRates(schedule),
    { name: 'report', onEpochEnd: ({ row: figures }) => report(figures) },
    ...(row.keepBest ? [earlyStopping({ patience: epochs })] : []),
  ];
  const started = performance.now();
  const { rows } = await model.fit(data.train, {
    ...{ epochs, batchSize: row.batchSize, seed, callbacks },
    optimizer: { ...row.optimizer, learningRate: schedule[0][1] },
    ...(row.validateOn && { validation: data[row.validateOn] }),
  });
  const trained = performance.now();
  const figures = (row.figures ?? []).flatMap(({ name: figure, published, of }) => {
    const ours = of({ rows, last: rows.at(-1) });
    return ours === undefined ? [] : [{ name: figure, ours, published }];
  });
  const notes = [];
  if (row.nll !== undefined) {
    const samples = importanceSamples ?? row.nll.importanceSamples;
    const { logLikelihood, logLikelihoodError, negativeElbo, loss, activeUnits } = await model.evaluate(
      data.test,
      { importanceSamples: samples, seed },
    );
    figures.push({
      name: `-log p(x) of the test images, ${samples.toLocaleString('en')} importance samples`,
      ours: -logLikelihood,
      error: logLikelihoodError,
      published: row.nll.published,
      reference: row.nll.reference,
    });
    notes.push(`test ${negativeElbo === undefined ? 'loss' : '-ELBO'} ${(negativeElbo ?? loss).toFixed(2)}`);
    if (model.latent > activeUnits) notes.push(`${activeUnits} of ${model.latent} latents active`);
    if (samples < row.nll.importanceSamples) {
      notes.push(
        `estimated with ${samples.toLocaleString('en')} importance samples, not ${row.nll.importanceSamples.toLocaleString('en')}: fewer give a larger figure`,
      );
    }
  }
  if (row.generation !== undefined) {
    const { found, betweenData } = await samplesOf(model, data.train, row.generation, seed);
    figures.push(...found);
    notes.push(
      `as many samples of the data in place of new ones have a distance of ${betweenData.toFixed(3)}`,
    );
  }
  if (row.keepBest) {
    const losses = rows.map((figures) => figures.validationLoss);
    const best = losses.indexOf(Math.min(...losses));
    notes.push(`measured with the weights of epoch ${best + 1}, the best on the validation images`);
  }
  const ended = performance.now();
  await model.release();
  return {
    row: name,
    date: new Date().toISOString().slice(0, 10),
    version,
    seed,
    epochs,
    publishedEpochs: publishedEpochs(row),
    settings: {
      summary: row.settings,
      source: row.source,
      differences: row.differences ?? [],
      firstWeights: row.firstWeights ?? 'initializer',
      outputBias: row.outputBias ?? 'zero',
      family: model.family,
      options: given(model.config),
      parameters: model.parameterCount,
      data: dataSets[row.data].text,
      images: data.train.shape[0],
      batchSize: row.batchSize,
      optimizer: row.optimizer,
      schedule,
    },
    seconds: { training: (trained - started) / 1000, evaluation: (ended - trained) / 1000 },
    machine: {
      processor: cpus()[0].model.trim(),
      cores: cpus().length,
      node: process.version,
      load: [load, loadavg()[0]],
    },
    figures,
    notes,
    curve: curveOf(rows),
  };
}

/** The Fréchet distance of samples that each sampler draws. */
async function samplesOf(model, train, samplers, seed) {
  const found = [];
  let between;
  for (const [type, published] of Object.entries(samplers)) {
    const source = await sampler(model, type === 'prior' ? null : train, { type, seed });
    const { frechetDistance, betweenData, samples } = await generationQuality(source, train, { seed });
    between = betweenData;
    found.push({
      name: `Fréchet distance of ${samples.toLocaleString('en')} samples, sampler ${type}`,
      ours: frechetDistance,
      published,
    });
  }
  return { found, betweenData: between };
}

/** Every metric of every epoch, as columns and rows. */
function curveOf(history) {
  const columns = Object.keys(history[0]).filter((name) => name !== 'learningRate' && name !== 'seconds');
  return { columns, rows: history.map((figures) => columns.map((name) => figures[name])) };
}

/** Options that say something: those of convolutions only where there are any. */
function given(config) {
  const idle =
    config.channels?.length > 0 ? [] : ['kernelSize', 'stride', 'padding', 'blocks', 'outputStride'];
  const unset = (value) => value === 0 || value === 'none' || (Array.isArray(value) && value.length === 0);
  return Object.fromEntries(
    Object.entries(config).filter(
      ([key, value]) => !idle.includes(key) && key !== 'dataFormat' && !unset(value),
    ),
  );
}
