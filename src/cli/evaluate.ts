import type { Command } from 'commander';
import {
  type CommonOptions,
  type DecimalOption,
  dataArgument,
  decimalOption,
  labelOption,
  makeCommand,
  runArgument,
} from './command.js';
import type { FurtherOptions } from './furtherFigures.js';
import { Output } from './output.js';
import { wholeNumber } from './parse.js';
import type { Cli } from './program.js';
import { count } from './text.js';

interface EvaluateOptions extends CommonOptions, DecimalOption, FurtherOptions {
  readonly importanceSamples?: number;
  readonly label?: number;
}

/** `autoencoder evaluate`. */
export function evaluateCommand(cli: Cli): Command {
  const text = {
    name: 'evaluate',
    summary: 'measure a model on data',
    details: 'Losses are means over samples, in nats where they are likelihoods',
    json: 'print one JSON object alone: samples, loss, mse, mae, psnr, codeSize, dimensionRatio; of a VAE also negativeElbo, reconstructionNll, kl, activeUnits; with --importance-samples logLikelihood, logLikelihoodError; docs/evaluation.md lists the others',
    examples: [
      ['autoencoder evaluate runs/mnist-vae mnist:test', 'how good it is on images it never saw'],
      ['autoencoder evaluate runs/mnist-vae mnist:test --importance-samples 5000', 'and how likely they are'],
      ['autoencoder evaluate runs/shapes-vae shapes --factors', 'whether each latent stands for one factor'],
    ],
  } as const;
  return makeCommand(text, (command) => {
    command
      .argument(...runArgument)
      .argument(...dataArgument)
      .option(
        '--seed <n>',
        "decides the draws of a VAE's codes (default: the run's)",
        wholeNumber(Number.MIN_SAFE_INTEGER),
      )
      .option(
        '--importance-samples <k>',
        'estimate log p(x) with so many draws of the code for each sample, such as 5000 (variational models)',
        wholeNumber(1),
      )
      .option('--generation', 'how near new samples are to the data, which need labels (variational models)')
      .option('--factors', 'how well latents stand for the factors of the data, such as shapes')
      .option('--compression', 'the size of codes against that of PNG files')
      .option(...labelOption)
      .option(...decimalOption)
      .action(async (run: string, data: string, options: EvaluateOptions) => {
        const { openRun } = await import('./open.js');
        const { dataFor } = await import('./tableRun.js');
        const { evaluationJson, evaluationTable } = await import('./figures.js');
        const model = await openRun(run);
        const { sampleCount } = await import('../data/dataset.js');
        const { furtherFigures } = await import('./furtherFigures.js');
        const { seed, importanceSamples, label } = options;
        const output = new Output(cli, options);
        const { checkLabel, withLabel } = await import('./classes.js');
        checkLabel(model, label);
        const read = await dataFor(model, data, output, { decimal: options.decimal });
        const samples = withLabel(model, read, label);
        const draws = (importanceSamples ?? 0) * sampleCount(samples);
        if (draws > 1e6)
          output.note(`${count(draws)} draws of codes go through the decoder; this takes a while`);
        const found = await model.evaluate(samples, {
          ...(seed !== undefined && { seed }),
          ...(importanceSamples !== undefined && { importanceSamples }),
        });
        const further = await furtherFigures(model, samples, options);
        output.warnAll(found.notes);
        output.result(
          () =>
            `${run} on ${data}, ${count(found.samples)} samples:\n${evaluationTable(found, model, further.rows)}`,
          { ...evaluationJson(found, model), ...further.json },
        );
      });
  });
}
