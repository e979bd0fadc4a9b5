import type { Command } from 'commander';
import { type CommonOptions, makeCommand, runArgument } from './command.js';
import { Output } from './output.js';
import type { Cli } from './program.js';

/** `autoencoder info`. */
export function infoCommand(cli: Cli): Command {
  const text = {
    name: 'info',
    summary: 'show what a run holds: layers, parameters, files, how it was trained',
    json: 'print one JSON object alone: run, family, config, sample, codeSize, layers, parameters, files, training, epochs, final',
    examples: [['autoencoder info runs/mnist-vae', 'what it is and how it came to be']],
  } as const;
  return makeCommand(text, (command) => {
    command.argument(...runArgument).action(async (run: string, options: CommonOptions) => {
      const { openRun } = await import('./open.js');
      const { isDetector } = await import('./runFolder.js');
      const { loadDetector } = await import('../index.js');
      const { text: words, json } = isDetector(run)
        ? await (await import('./detectorDescription.js')).describeDetector(run, await loadDetector(run))
        : await (await import('./description.js')).describeRun(run, await openRun(run));
      new Output(cli, options).result(() => words, json);
    });
  });
}
