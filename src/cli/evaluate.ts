import type { Command } from 'commander';
import { type CommonOptions, dataArgument, makeCommand, runArgument } from './command.js';
import { Output } from './output.js';
import { wholeNumber } from './parse.js';
import type { Cli } from './program.js';
import { count } from './text.js';

interface EvaluateOptions extends CommonOptions {
  readonly seed?: number;
  readonly importanceSamples?: number;
}

/** `autoencoder evaluate`. */
export function evaluateCommand(cli: Cli): Command {
  const text = {
    name: 'evaluate',
    summary: 'measure a model on data',
    details: 'Losses are means over samples, in nats where they are likelihoods',
    json: 'print one JSON object alone: samples, loss, mse, mae, psnr, codeSize, dimensionRatio; of a VAE also negativeElbo, reconstructionNll, kl, activeUnits; with --importance-samples logLikelihood, logLikelihoodError',
    examples: [['autoencoder evaluate runs/mnist-vae mnist:test', 'how good it is on images it never saw']],
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
      .action(async (run: string, data: string, options: EvaluateOptions) => {
        const { openRun } = await import('./open.js');
        const { dataFor } = await import('./tableRun.js');
        const { evaluationJson, evaluationTable } = await import('./figures.js');
        const model = await openRun(run);
        const { seed, importanceSamples } = options;
        const output = new Output(cli, options);
        const rows = await dataFor(model, data, output);
        const found = await model.evaluate(rows, {
          ...(seed !== undefined && { seed }),
          ...(importanceSamples !== undefined && { importanceSamples }),
        });
        output.result(
          () => `${run} on ${data}, ${count(found.samples)} samples:\n${evaluationTable(found, model)}`,
          evaluationJson(found, model),
        );
      });
  });
}
