import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import {
  autoencoder,
  type Callback,
  checkpoint,
  csvHistory,
  DivergenceError,
  earlyStopping,
  jsonLinesHistory,
  type Model,
  readCheckpoint,
  reduceLearningRateOnPlateau,
  vae,
} from '../index.js';
import { surface } from '../testing/data.js';

const folder = await mkdtemp(join(tmpdir(), 'autoencoder-fit-'));
after(() => rm(folder, { recursive: true, force: true }));

const small = (seed = 0) => autoencoder({ input: 12, hidden: [16], latent: 3, seed });
const smallVae = (seed = 0) =>
  vae({ input: 12, hidden: [16], latent: 3, dropout: 0.1, normalization: 'batch', seed });

function sameBits(a: Model, b: Model): boolean {
  return Object.entries(a.weights).every(([name, values]) => {
    const bytes = (data: Float32Array) => Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    return bytes(values).equals(bytes(b.weights[name]!));
  });
}

/** Aborts when training has reached the middle of an epoch. */
function abortIn(epoch: number, controller: AbortController, delay = 5): Callback {
  return {
    name: 'abort',
    onEpochEnd: ({ row }) => {
      if (row.epoch === epoch - 1) setTimeout(() => controller.abort(), delay);
    },
  };
}

describe('fit', () => {
  it('makes the loss fall, and returns every figure of every epoch', async () => {
    const history = await small().fit(surface(256), {
      epochs: 8,
      batchSize: 16,
      learningRate: 0.01,
      validationSplit: 0.25,
    });
    assert.deepEqual(
      history.rows.map((row) => row.epoch),
      [1, 2, 3, 4, 5, 6, 7, 8],
    );
    const [first, last] = [history.rows[0]!, history.rows.at(-1)!];
    assert.ok(last.loss! < 0.7 * first.loss!, `${first.loss} → ${last.loss}`);
    assert.ok(last.validationLoss! < 0.7 * first.validationLoss!);
    for (const figure of ['mse', 'validationMse', 'learningRate', 'seconds'])
      assert.ok(Number.isFinite(last[figure]), figure);
    assert.equal(history.reason, 'finished');
  });

  it('gives the same bits for the same seed, and others for another', async () => {
    const train = async (seed: number) => {
      const model = smallVae(seed);
      await model.fit(surface(100), { epochs: 3, batchSize: 32 });
      return model;
    };
    assert.ok(sameBits(await train(1), await train(1)));
    assert.ok(!sameBits(await train(1), await train(2)));
  });

  it('counts the last partial batch by its size', async () => {
    const data = surface(10);
    // With so small a rate the weights stay as they are, and the epoch's mean is the mean over all samples.
    const model = autoencoder({ input: 12, latent: 3 });
    const { rows } = await model.fit(data, {
      epochs: 1,
      batchSize: 4,
      optimizer: { type: 'sgd', learningRate: 1e-30 },
    });
    const { loss } = await model.evaluate(data);
    assert.ok(Math.abs(rows[0]!.loss! - loss) < 1e-5 * loss, `${rows[0]!.loss} and ${loss}`);
  });

  for (const [samples, batchSize] of [
    [1, 32],
    [5, 32],
    [33, 32],
    [64, 32],
    [7, 1],
  ] as const) {
    it(`takes ${samples} samples in batches of ${batchSize}`, async () => {
      const { rows } = await small().fit(surface(samples), { epochs: 2, batchSize });
      assert.ok(Number.isFinite(rows[1]!.loss));
    });
  }

  it('leaves the event loop free', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 5);
    const started = performance.now();
    const model = autoencoder({ input: 12, hidden: [256, 256], latent: 3 });
    await model.fit(surface(2000), { epochs: 4, batchSize: 16 }).finally(() => clearInterval(timer));
    const possible = (performance.now() - started) / 5;
    assert.ok(turns > possible / 4, `${turns} turns of ${possible}`);
  });

  it('stops at once when the signal aborts, keeps what was learned, and the model stays usable', async () => {
    const controller = new AbortController();
    const model = small();
    const before = model.weights;
    setTimeout(() => controller.abort(), 60);
    const history = await model.fit(surface(4000), {
      epochs: 100_000,
      batchSize: 4,
      signal: controller.signal,
    });
    assert.equal(history.reason, 'aborted');
    assert.notDeepEqual(model.weights, before);
    assert.equal((await model.encode(surface(3))).shape[0], 3);
  });

  it('goes on from a checkpoint made in the middle of an epoch, bit for bit', async () => {
    const data = surface(3000);
    const options = {
      epochs: 4,
      batchSize: 8,
      validationSplit: 0.1,
      learningRateSchedule: { type: 'cosine', duration: 4 },
    } as const;
    const whole = smallVae();
    const reference = await whole.fit(data, options);

    const path = join(folder, 'middle.safetensors');
    const stepsPerEpoch = Math.ceil(2700 / 8);
    const interrupt = async (delay: number) => {
      const controller = new AbortController();
      const interrupted = await smallVae().fit(data, {
        ...options,
        signal: controller.signal,
        callbacks: [checkpoint(path), abortIn(3, controller, delay)],
      });
      const checkpointed = await readCheckpoint(path);
      assert.equal(interrupted.reason, 'aborted');
      return checkpointed;
    };
    // On a busy machine an abort may come at the very end of an epoch.
    let saved = await interrupt(5);
    for (let delay = 15; saved.progress.position.step % stepsPerEpoch === 0 && delay < 200; delay += 20)
      saved = await interrupt(delay);
    assert.notEqual(saved.progress.position.step % stepsPerEpoch, 0, 'the abort came in the middle');

    const resumed = smallVae();
    const history = await resumed.fit(data, { ...options, resume: saved });
    assert.ok(sameBits(whole, resumed));
    const figures = (rows: typeof history.rows) => rows.map(({ seconds, ...row }) => row);
    assert.deepEqual(figures(history.rows), figures(reference.rows));
  });

  it('keeps optimizer, plateau and early-stopping state in checkpoints: resuming after each epoch changes nothing', async () => {
    const data = surface(200);
    const options = { batchSize: 16, validationSplit: 0.2, learningRate: 0.02 };
    const callbacks = () => [
      reduceLearningRateOnPlateau({ patience: 0, factor: 0.5 }),
      earlyStopping({ patience: 50 }),
    ];
    const whole = small();
    await whole.fit(data, { ...options, epochs: 6, callbacks: callbacks() });

    const path = join(folder, 'stepwise.safetensors');
    let last = small();
    for (let epochs = 1; epochs <= 6; epochs++) {
      last = small();
      const resume = epochs === 1 ? {} : { resume: await readCheckpoint(path) };
      await last.fit(data, { ...options, epochs, ...resume, callbacks: [...callbacks(), checkpoint(path)] });
    }
    assert.ok(sameBits(whole, last));
  });

  it('refuses to go on with other options than those of the checkpoint, and names them', async () => {
    const path = join(folder, 'settings.safetensors');
    await small().fit(surface(40), { epochs: 1, batchSize: 8, callbacks: [checkpoint(path)] });
    const resume = await readCheckpoint(path);
    await assert.rejects(
      small().fit(surface(40), { epochs: 2, batchSize: 10, optimizer: 'sgd', resume }),
      /the same batchSize \(8 in the checkpoint, 10 now\), optimizer \(adam in the checkpoint, sgd now\)/,
    );
  });

  it('refuses a checkpoint of another model', async () => {
    const path = join(folder, 'other.safetensors');
    await small().fit(surface(20), { epochs: 1, callbacks: [checkpoint(path)] });
    const other = autoencoder({ input: 12, latent: 2 });
    await assert.rejects(other.fit(surface(20), { resume: await readCheckpoint(path) }), /of another model/);
  });

  it('stops before an update that is not finite is kept, says why, and keeps the last good weights', async () => {
    const model = autoencoder({ input: 12, hidden: [16], latent: 3, output: 'linear' });
    const path = join(folder, 'good.safetensors');
    const promise = model.fit(surface(64), {
      epochs: 50,
      batchSize: 8,
      optimizer: { type: 'sgd', learningRate: 1e4 },
      callbacks: [checkpoint(path)],
    });
    await assert.rejects(promise, (error: unknown) => {
      assert.ok(error instanceof DivergenceError);
      assert.match(error.message, /learning rate that is too high \(it is 10000; try `learningRate: 1000`\)/);
      return true;
    });
    for (const values of Object.values(model.weights)) assert.ok(values.every(Number.isFinite));
  });

  it('early stopping ends training and gives back the weights of the best epoch', async () => {
    const model = small();
    const seen: { loss: number; weights: Record<string, Float32Array> }[] = [];
    const spy: Callback = {
      name: 'spy',
      needsState: true,
      onEpochEnd: ({ row, state }) =>
        void seen.push({ loss: row.validationLoss!, weights: state!.weight as never }),
    };
    const history = await model.fit(surface(60), {
      epochs: 400,
      batchSize: 8,
      learningRate: 0.1,
      validationSplit: 0.5,
      callbacks: [spy, earlyStopping({ patience: 3 })],
    });
    assert.equal(history.reason, 'stopped');
    assert.match(history.stopReason!, /validationLoss has not fallen/);
    const best = seen.reduce((a, b) => (b.loss < a.loss ? b : a));
    assert.equal(seen.indexOf(best), seen.length - 4);
    assert.deepEqual(model.weights, best.weights);
  });

  it('early stopping takes the first epoch as the best so far, however large its loss', async () => {
    const callback = earlyStopping({ monitor: 'loss', patience: 1, restoreBest: false });
    const stops: string[] = [];
    const context = (epoch: number, loss: number) =>
      ({ row: { epoch, loss }, state: null, stop: (reason: string) => stops.push(reason) }) as never;
    await callback.onEpochEnd!(context(1, Number.MAX_VALUE));
    await callback.onEpochEnd!(context(2, 1e300));
    assert.equal(stops.length, 0);
    await callback.onEpochEnd!(context(3, 2e300));
    assert.equal(stops.length, 1);
  });

  it('writes the history as CSV and as JSON Lines', async () => {
    const [csv, lines] = [join(folder, 'history.csv'), join(folder, 'history.jsonl')];
    const { rows } = await small().fit(surface(20), {
      epochs: 3,
      callbacks: [csvHistory(csv), jsonLinesHistory(lines)],
    });
    const [header, ...body] = (await readFile(csv, 'utf8')).trim().split('\n');
    assert.equal(header, 'epoch,loss,mse,learningRate,seconds');
    assert.equal(body.length, 3);
    assert.equal(Number(body[2]!.split(',')[1]), rows[2]!.loss);
    assert.deepEqual(
      (await readFile(lines, 'utf8'))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
      rows,
    );
  });

  it('validates with scheduled weights at their full value, as evaluate does', async () => {
    const data = { data: Float32Array.from({ length: 60 }, (_, i) => (i % 7) / 7), shape: [20, 3] };
    const model = vae({ input: 3, latent: 2, beta: 3, betaSchedule: { type: 'warmup', duration: 4 } });
    const { rows } = await model.fit(data, { epochs: 2, validation: data });
    for (const { loss, reconstructionNll, kl, ...row } of rows) {
      assert.ok(loss! < reconstructionNll! + 3 * kl! - 1e-4);
      const { validationLoss, validationReconstructionNll, validationKl } = row;
      const whole = validationReconstructionNll! + 3 * validationKl!;
      assert.ok(Math.abs(validationLoss! - whole) < 1e-4, `${validationLoss} ${whole}`);
    }
  });

  it('follows the schedule of the learning rate', async () => {
    const { rows } = await small().fit(surface(64), {
      epochs: 4,
      batchSize: 16,
      learningRate: 0.1,
      learningRateSchedule: { type: 'step', size: 2, gamma: 0.1 },
    });
    assert.deepEqual(
      rows.map((row) => Number(row.learningRate!.toPrecision(6))),
      [0.1, 0.1, 0.01, 0.01],
    );
  });

  it('warms beta up: the KL term weighs nothing at first', async () => {
    const model = vae({ input: 12, latent: 3, betaSchedule: { type: 'warmup', duration: 1e9 } });
    const { rows } = await model.fit(surface(64), { epochs: 1, batchSize: 16 });
    assert.ok(Math.abs(rows[0]!.loss! - rows[0]!.reconstructionNll!) < 1e-3 && rows[0]!.kl! > 0.01);
  });

  it('a callback that fails ends training and is the error of fit; the next fit works', async () => {
    const failing: Callback = { name: 'failing', onEpochEnd: () => Promise.reject(new Error('no room')) };
    await assert.rejects(small().fit(surface(20), { callbacks: [failing] }), /no room/);
    await small().fit(surface(20), { epochs: 1 });
  });

  it('a progress callback that fails is the error of fit, not the end of the process', async () => {
    const failing: Callback = {
      name: 'failing',
      onProgress() {
        throw new Error('no terminal');
      },
    };
    const long = small().fit(surface(4000), { epochs: 1000, batchSize: 4, callbacks: [failing] });
    await assert.rejects(long, /no terminal/);
  });

  it('stops at the epoch in which it is aborted, and takes no step where it waits its turn', async () => {
    const controller = new AbortController();
    const aborting: Callback = { name: 'aborting', onEpochEnd: () => controller.abort() };
    const first = small().fit(surface(64), { epochs: 50, signal: controller.signal, callbacks: [aborting] });
    const waiting = small().fit(surface(64), { epochs: 50, signal: controller.signal });
    const [{ rows, reason }, second] = await Promise.all([first, waiting]);
    assert.deepEqual([rows.length, reason], [1, 'aborted']);
    assert.deepEqual([second.rows.length, second.reason], [0, 'aborted']);
  });

  it('leaves inference that is under way to end in peace', async () => {
    const model = small();
    await model.fit(surface(64), { epochs: 1 });
    let done = false;
    const training = model.fit(surface(64), { epochs: 3 }).then(() => {
      done = true;
    });
    const many = surface(20_000);
    while (!done) await Promise.all([model.encode(many), model.reconstruct(many)]);
    await training;
  });

  it('two trainings at once run one after another', async () => {
    const histories = await Promise.all(
      [small(1), small(2)].map((model) => model.fit(surface(50), { epochs: 2 })),
    );
    assert.ok(histories.every((history) => history.rows.length === 2));
  });

  it('clips gradients: one step of plain descent is no longer than learning rate times norm', async () => {
    const model = small();
    const before = structuredClone(model.weights);
    await model.fit(surface(32), { epochs: 1, optimizer: { type: 'sgd', learningRate: 1 }, clipNorm: 0.01 });
    const squares = Object.entries(model.weights).flatMap(([name, values]) =>
      Array.from(values, (w, i) => (w - before[name]![i]!) ** 2),
    );
    const length = Math.sqrt(squares.reduce((a, b) => a + b, 0));
    assert.ok(Math.abs(length - 0.01) < 1e-5, `${length}`);
  });
});
