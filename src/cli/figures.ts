import type { Evaluation } from '../estimator/evaluate.js';
import type { Model } from '../index.js';
import { asTyped } from './asTyped.js';
import { titleOf } from './modelOptions.js';
import { valueRange } from './outputFile.js';
import { count, figure, table, words } from './text.js';

const losses: Readonly<Record<string, string>> = {
  mse: 'squared error',
  mae: 'absolute error',
  huber: 'Huber loss',
  bce: 'cross-entropy in nats',
};

/** Families whose loss is the reconstruction's alone. */
const plain = ['autoencoder', 'conv-autoencoder', 'deep-autoencoder', 'denoising-autoencoder'];

/** What the loss of a model is, and in which unit. */
export function lossText({ family, config, features }: Model): string {
  if (config.loss === undefined) return boundText(family, config);
  const summed = plain.includes(family) ? '' : `, and what the ${titleOf(family)} adds to it`;
  if (config.likelihood !== undefined) return `negative log-likelihood, nats per row${summed}`;
  return `${losses[String(config.loss)]}, summed over ${count(features)} values${summed}`;
}

function boundText(family: string, { beta, betaSchedule }: Model['config']): string {
  const schedule = betaSchedule as { type: string } | undefined;
  if (schedule === undefined) return `objective of the ${titleOf(family)}, nats per sample`;
  if (beta === 1 && schedule.type === 'constant') return 'negative ELBO, nats per sample';
  return `reconstruction + ${schedule.type === 'constant' ? `${String(beta)} ×` : `beta ×`} KL, nats per sample`;
}

/** The figures of an evaluation under the names that `--json` prints. */
export function evaluationJson(
  found: Evaluation,
  { latent }: Model,
): Record<string, number | readonly string[]> {
  const { samples, loss, mse, mae, psnr, negativeElbo, reconstructionNll, kl, activeUnits, dimensionRatio } =
    found;
  return {
    samples,
    loss,
    mse,
    mae,
    psnr,
    ...(negativeElbo !== undefined && { negativeElbo, activeUnits }),
    ...(kl !== undefined && { reconstructionNll, kl }),
    ...found.metrics,
    ...(found.logLikelihood !== undefined && {
      logLikelihood: found.logLikelihood,
      logLikelihoodError: found.logLikelihoodError!,
    }),
    codeSize: latent,
    dimensionRatio,
    ...(found.notes.length > 0 && { notes: found.notes.map(asTyped) }),
  };
}

/** The same for people, with further lines behind. */
export function evaluationTable(
  found: Evaluation,
  model: Model,
  further: readonly (readonly string[])[] = [],
): string {
  const { loss, mse, mae, psnr, negativeElbo, reconstructionNll, kl, activeUnits, dimensionRatio } = found;
  const nats = 'nats per sample';
  const bound: readonly (readonly string[])[] =
    negativeElbo === undefined
      ? [['loss', figure(loss), lossText(model)]]
      : [
          ['negative ELBO', figure(negativeElbo), nats],
          ...(kl === undefined
            ? []
            : [
                ['  reconstruction', figure(reconstructionNll!), nats],
                ['  KL', figure(kl), nats],
              ]),
          ...(figure(loss) === figure(negativeElbo) ? [] : [['loss', figure(loss), lossText(model)]]),
        ];
  const more = Object.entries(found.metrics).map(([name, value]) => [words(name), figure(value), '']);
  const likelihood =
    found.logLikelihood === undefined
      ? []
      : [
          [
            'log-likelihood',
            figure(found.logLikelihood),
            `± ${figure(found.logLikelihoodError!, 2)}, ${nats}`,
          ],
        ];
  const { scale, fields } = model.sampleSpec;
  const units =
    fields !== undefined
      ? 'of values in standard deviations'
      : scale === 1
        ? "in the data's own units"
        : 'of values scaled to [0, 1]';
  return table(
    [
      ...bound,
      ...more,
      ...likelihood,
      ['MSE', figure(mse), `mean squared error ${units}`],
      ['MAE', figure(mae), `mean absolute error ${units}`],
      // Decibels below the peak mean nothing where values have none.
      ...(valueRange(model).range === undefined ? [] : [['PSNR', figure(psnr), 'dB, for a peak of 1']]),
      ...(negativeElbo === undefined
        ? []
        : [['active units', String(activeUnits), `of ${model.latent}: their mean varies over the data`]]),
      [
        'code',
        String(model.latent),
        `numbers for ${count(model.features)} values (ratio ${figure(dimensionRatio, 3)})`,
      ],
      ...further,
    ],
    { right: [1] },
  );
}
